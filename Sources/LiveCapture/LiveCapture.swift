// The room LiveCapture.
