"""From the answer to what people read: the document's words, laid out by templates."""
