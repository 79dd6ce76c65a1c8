"""Who makes a claim that none of the five documents makes: papers, as references.bib in the book calls them.

In claims.yml such a claim has `documents: {}`. Its papers stand here, and not in a field of the register, because the
register's code is behind every stored number: with a field more, all of them would have to be measured anew.
"""

from rnn2attn.study.register import look_up

PAPERS = {
    "C41": ("mikolov2010", "sutskever2011"),
    "C42": ("williams1990", "tallec2017"),
    "C43": ("karpathy2015units",),
    "C44": ("bahdanau2015",),
    "C45": ("wu2019",),
    "C46": ("srivastava2014", "zaremba2014"),
    "C47": ("radford2018", "alrfou2019"),
    "C48": ("su2021",),
    "C49": ("michel2019", "voita2019"),
    "C50": ("katharopoulos2020", "sun2023", "yang2024delta"),
    "C51": ("schlag2021",),
    "C52": ("arora2023", "arora2024", "jelassi2024"),
    "C53": ("yang2025",),
    "C54": ("martin2018", "feng2024"),
    "C55": ("merrill2024", "sarrof2024", "grazzi2025"),
    "C56": ("gu2022",),
    "C57": ("jelassi2024", "arora2023", "deletang2023", "lieber2024"),
    "C58": ("wu2021",),
}


def papers(id: str) -> tuple[str, ...]:
    """The papers that make a claim; none where the documents do.

    Raises:
        ValueError: there is no such claim, or documents as well as papers make it, or nobody does.
    """
    documents, found = look_up(id).documents, PAPERS.get(id, ())
    if bool(documents) == bool(found):
        raise ValueError(f"{id} has {'documents and papers' if found else 'neither documents nor papers'}")
    return found
