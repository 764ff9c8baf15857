// The room Policy.
