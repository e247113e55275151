"""Sentences with a grade from 0 (very bad) to 4 (very good): read from a file, or invented.

`sentences.py` learns from them.
"""

import numpy as np

UNKNOWN = 0
SUBJECTS = (
    "the film",
    "this picture",
    "the story",
    "the plot",
    "its humour",
    "the cast",
    "the music",
    "the dialogue",
    "the last act",
    "every scene",
    "the direction",
    "what we are shown",
)
WORDS = {
    0: ("dreadful", "unbearable", "a disaster", "an insult", "painfully dull", "utterly stupid"),
    1: ("weak", "slow", "a little flat", "tired", "predictable", "thin", "not good", "not clever"),
    3: ("good", "clever", "pleasant", "charming", "solid", "well made", "not bad", "not dull"),
    4: ("brilliant", "a masterpiece", "stunning", "unforgettable", "a delight", "superb"),
}
FACTS = (
    "{subject} follows two sisters from {place}",
    "{subject} was made in {place}",
    "{subject} is about a teacher and his dog",
    "{subject} begins on a train to {place}",
)
OPENINGS = ("", "", "", "to be honest , ", "in the end , ", "as far as i can tell , ", "well , ")
SYLLABLES = ("ka", "lo", "mi", "ra", "ten", "bo", "sil", "ver", "dun", "ho")


def invent(n, seed):
    """Invent labels and sentences by a grammar: opposites, negations, and halves that differ."""
    rng = np.random.default_rng(seed)

    def pick(choices):
        return choices[rng.integers(len(choices))]

    def sentence(label):
        subject = pick(SUBJECTS)
        if label != 2:
            judgement = f"{subject} is {pick(WORDS[label])}"
            if rng.random() < 0.3:  # what is said first is outweighed
                other = {0: 3, 1: 3, 3: 1, 4: 1}[label]
                judgement = f"{pick(SUBJECTS)} may be {pick(WORDS[other])} , still {judgement}"
        elif rng.random() < 0.5:
            judgement = f"{subject} is {pick(WORDS[3])} , {pick(SUBJECTS)} is {pick(WORDS[1])}"
        else:
            place = "".join(pick(SYLLABLES) for _ in range(3))
            judgement = pick(FACTS).format(subject=subject, place=place)
        return f"{pick(OPENINGS)}{judgement} ."

    labels = rng.integers(0, 5, n)
    return [(int(label), sentence(int(label))) for label in labels]


def read(path):
    """Read labels and sentences from a file with a sentence a line: its label, a space, its words.

    Raises
    ------
    ValueError
        If a line does not begin with a label from 0 to 4, or has no words.
    """
    rows = []
    for i, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        label, _, sentence = line.strip().partition(" ")
        if label not in {"0", "1", "2", "3", "4"} or not sentence.strip():
            raise ValueError(f"{path}, line {i + 1}: no label from 0 to 4 and words: {line!r}")
        rows.append((int(label), sentence))
    return rows


def vocabulary(rows, at_least=2):
    """Number the words seen so often, from 1 on; 0 stands for all others."""
    words, counts = np.unique([w for _, s in rows for w in s.lower().split()], return_counts=True)
    return {str(w): i for i, w in enumerate(words[counts >= at_least], start=UNKNOWN + 1)}


def encoded(rows, numbers):
    """Pairs of the numbers of the words of a sentence, and its label."""
    return [
        (np.array([numbers.get(w, UNKNOWN) for w in sentence.lower().split()], "int32"), label)
        for label, sentence in rows
    ]
