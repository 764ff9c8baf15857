// The room Reporter.
