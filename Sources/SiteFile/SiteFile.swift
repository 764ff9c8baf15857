// The room SiteFile.
