"""Reads the XML form of the W3C Speech Recognition Grammar Specification 1.0 (Recommendation of 16 March 2004)."""

from __future__ import annotations

from io import BytesIO
from xml.sax import SAXException, SAXParseException

import defusedxml.sax
from defusedxml import DefusedXmlException, DTDForbidden

from callgap.ivr.grammars.building import public_rule
from callgap.ivr.grammars.faults import fault
from callgap.ivr.grammars.srgs_elements import Elements
from callgap.ivr.grammars.tree import Tree


def read_srgs(source: str, data: bytes, rule: str | None = None) -> Tree:
    """Read a grammar in SRGS XML.

    Args:
        source: name of the file, for the errors.
        data: its content.
        rule: name of the public rule that a phrase is said by; without one the root that the grammar declares.

    Returns:
        The grammar, checked.

    Raises:
        InputError: the file is no well-formed XML, holds a document type, an element or an attribute that is not read,
            or a rule is at fault.
    """
    elements = Elements(source)
    try:
        defusedxml.sax.parse(BytesIO(data), elements, forbid_dtd=True)
    except SAXParseException as error:
        sentence = f"is no well-formed XML: {error.getMessage()}"
        raise fault(source, error.getLineNumber(), None, sentence) from None
    except DTDForbidden:
        sentence = "found a document type declaration (DOCTYPE), accepted: a file without one"
        raise fault(source, elements.line, None, sentence) from None
    except (DefusedXmlException, SAXException, LookupError, ValueError) as error:
        raise fault(source, elements.line, None, f"cannot be read as XML: {error}") from None
    root = elements.root if rule is None else public_rule(source, elements.rules, rule)
    if root is None:
        sentence = "root: found none, accepted: the id of a rule, or the name of the public one that is meant"
        raise fault(source, elements.first_line, None, sentence)
    return Tree(source, elements.rules, root, elements.language, elements.mode)
