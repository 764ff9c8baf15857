// The room Monitor.
