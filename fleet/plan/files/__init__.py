"""Problems and plans as files: the field's formats, this project's own JSON, and what other programs read.

`opening` is the door in: it tells a file's kind and hands it to its reader. `outputs` is the door out.
`loaded.Loaded` is what a problem file says beyond the `Problem` itself. docs/plan-files.md is the manual.
"""
