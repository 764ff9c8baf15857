// The room Analyzer.
