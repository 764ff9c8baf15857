/* libpcap's empty loop: reads every packet of a file and does nothing with it. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv) {
    char error[PCAP_ERRBUF_SIZE] = "usage: pcap-loop FILE";
    if (argc == 1) return puts(pcap_lib_version()) < 0;
    pcap_t *file = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    unsigned long packets = 0;
    if (!file) {
        fprintf(stderr, "pcap-loop: %s\n", error);
        return 2;
    }
    while (pcap_next_ex(file, &header, &bytes) == 1) packets++;
    printf("%lu packets\n", packets);
    pcap_close(file);
    return 0;
}
