// The room Streams.
