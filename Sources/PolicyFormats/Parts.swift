// Who imports the registry sees the formats too: they are one library, cut into parts that
// compile beside each other.
@_exported public import HostFormats
@_exported public import NetworkFormats
@_exported public import PolicyText
@_exported public import ServerFormats
@_exported public import WindowsFormats
