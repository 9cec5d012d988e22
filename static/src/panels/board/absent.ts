// Stands in the build for parts of libraries that nothing here asks for: diagrams from text, pages from HTML. Whoever loads
// it after all is told.
throw new Error("this is not part of the client");
