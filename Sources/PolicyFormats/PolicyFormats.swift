// The room PolicyFormats.
