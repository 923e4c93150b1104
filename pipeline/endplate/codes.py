"""The closed lists of the findings table: finding codes, statuses, sections, levels, bodies.

Source: the project's annotation guideline (one row is one finding at one level with one status).
"""

from __future__ import annotations

from typing import Final

#: Endplate and marrow: the findings that the product exists for.
CORE_FINDINGS: Final = (
    "modic_change",
    "endplate_edema",
    "endplate_fatty_change",
    "endplate_sclerosis",
    "endplate_irregularity",
    "endplate_erosion",
    "endplate_defect",
    "endplate_degeneration",
    "schmorl_node",
)

#: The rest of a lumbar report: other causes of pain, and dangers.
OTHER_FINDINGS: Final = (
    "disc_bulge",
    "disc_protrusion",
    "disc_extrusion",
    "disc_herniation",
    "disc_degeneration",
    "annular_fissure",
    "spinal_stenosis",
    "lateral_recess_stenosis",
    "foraminal_stenosis",
    "nerve_root_compression",
    "cauda_equina_compression",
    "facet_arthropathy",
    "spondylolisthesis",
    "spondylolysis",
    "vertebral_fracture",
    "spinal_infection",
    "spinal_neoplasm",
    "hemangioma",
    "prior_bvn_ablation",
    "prior_surgery",
    "transitional_vertebra",
    "scoliosis",
    "osteophyte",
    "osteoporosis",
)

FINDINGS: Final = CORE_FINDINGS + OTHER_FINDINGS

STATUSES: Final = ("present", "absent", "uncertain", "historical", "indication")

SECTIONS: Final = (
    "indication",
    "technique",
    "comparison",
    "findings",
    "impression",
    "addendum",
    "other",
)

MODIC_TYPES: Final = ("1", "2", "3", "1/2", "2/3", "1/3", "unspecified")

BASES: Final = ("stated", "described")

ENDPLATES: Final = ("superior", "inferior", "both")

#: Disc segments from top to bottom, as in a spine with five lumbar bodies.
SEGMENTS: Final = (
    "T10-T11",
    "T11-T12",
    "T12-L1",
    "L1-L2",
    "L2-L3",
    "L3-L4",
    "L4-L5",
    "L5-S1",
)

#: Segments that exist only with transitional anatomy.
TRANSITIONAL_SEGMENTS: Final = ("L5-L6", "L6-S1", "S1-S2")

LEVELS: Final = SEGMENTS + TRANSITIONAL_SEGMENTS

#: Bodies from top to bottom.
BODIES: Final = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "L6", "S1", "S2")

#: Findings that a person must look at before anything else when present or uncertain.
RED_FLAGS: Final = (
    "spinal_infection",
    "spinal_neoplasm",
    "vertebral_fracture",
    "cauda_equina_compression",
)
