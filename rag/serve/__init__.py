"""Doors for other programs: HTTP and the web page, the Model Context Protocol, LangChain, LlamaIndex. None decides.

HTTP: guard (who may ask) -> limits (how much) -> routes: api, openai, page -> Collection -> readers, or a job
"""
