// The one file with unsafe constructs: libFuzzer lends its bytes by pointer, and the readers want
// a file. This is the harness, no part of the product, whose own unsafe corners are two.
import FuzzTargets
import Glibc

/// Which target this process runs: the first word of `PINHOLE_FUZZ`.
private let target: FuzzTarget = {
    guard let name = unsafe getenv("PINHOLE_FUZZ"),
        let target = unsafe FuzzTarget(rawValue: String(cString: name))
    else {
        fatalError("PINHOLE_FUZZ must be one of \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target
}()

/// Files in memory that are written anew for every execution.
private let files: [CInt] = (0..<FuzzTarget.files).map { _ in
    var name = Array("/dev/shm/pinhole-fuzz-XXXXXX".utf8CString)
    let number = unsafe mkstemp(&name)
    guard number >= 0, unsafe unlink(name) == 0 else { fatalError("no file in /dev/shm") }
    return number
}

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    let input = unsafe Input(Array(bytes))
    target.run(input) { number, content in
        let file = files[number]
        let isWritten = unsafe content.withUnsafeBytes { content in
            unsafe ftruncate(file, 0) == 0
                && pwrite(file, content.baseAddress, content.count, 0) == content.count
        }
        guard isWritten else { fatalError("the file in memory cannot be written") }
        return "/proc/self/fd/\(file)"
    }
    return 0
}
