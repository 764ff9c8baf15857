/* Runs a command and writes what it cost to a file: `wall user system peak_kib exit`. A small program does it, because
   a child's peak memory begins with that of its parent.

   usage: measure RESULT SECONDS COMMAND...      SECONDS: stop it after that time (exit 124); 0: never

   Peak memory is the command's own (ru_maxrss); where it starts processes that live beside it, the largest sum of
   their resident memory seen at any 20 ms, if that is more. */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident_kib(pid_t pid) {
    char path[64];
    long total = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Resident memory of a process and all below it; `others` counts those below. */
static long tree_kib(pid_t pid, int depth, int *others) {
    char path[512];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks || depth > 8) {
        if (tasks) closedir(tasks);
        return 0;
    }
    long sum = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (*task->d_name == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/children", pid, task->d_name);
        FILE *children = fopen(path, "r");
        if (!children) continue;
        for (int child; fscanf(children, "%d", &child) == 1;) {
            ++*others;
            sum += tree_kib(child, depth + 1, others);
        }
        fclose(children);
    }
    closedir(tasks);
    return depth || *others ? sum + resident_kib(pid) : 0;
}

int main(int count, char **given) {
    if (count < 4) {
        fputs("usage: measure RESULT SECONDS COMMAND...\n", stderr);
        return 2;
    }
    double limit = atof(given[2]), start;
    sigset_t child_ended;
    sigemptyset(&child_ended), sigaddset(&child_ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ended, NULL);
    start = now();
    pid_t pid = fork();
    if (pid < 0) return perror("fork"), 2;
    if (!pid) {
        sigprocmask(SIG_UNBLOCK, &child_ended, NULL);
        setpgid(0, 0);
        execvp(given[3], given + 3);
        perror(given[3]);
        _exit(127);
    }
    struct rusage usage;
    long peak = 0;
    int status = 0, stopped = 0;
    while (!wait4(pid, &status, WNOHANG, &usage)) {
        int others = 0;
        long sum = tree_kib(pid, 0, &others);
        if (sum > peak) peak = sum;
        if (limit > 0 && now() - start > limit && !stopped) stopped = 1, kill(-pid, SIGKILL);
        sigtimedwait(&child_ended, NULL, &(struct timespec){.tv_nsec = 20000000});
    }
    double wall = now() - start;
    if (usage.ru_maxrss > peak) peak = usage.ru_maxrss;
    int code = stopped ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    FILE *result = fopen(given[1], "w");
    if (!result) return perror(given[1]), 2;
    fprintf(result, "%.4f %.3f %.3f %ld %d\n", wall,
            (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
            (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6, peak, code);
    return fclose(result) ? 2 : 0;
}
