"""Doors for other programs: HTTP and the web page, the Model Context Protocol, LangChain, LlamaIndex."""
