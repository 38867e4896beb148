from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.model import Workflow
from template_library.dsl.parse import parse, parse_published

__all__ = ["DocumentError", "Violation", "Workflow", "parse", "parse_published"]
