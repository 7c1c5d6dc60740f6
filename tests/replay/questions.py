"""docs/reference/questions.md, followed. `data` is the recipe's DataSettings."""
import functools
import json
import re
from dataclasses import dataclass

import xxhash

from draws import PROMPT_ORDER, QUESTIONS, Stream

WORKED, PLAIN = 1, 2  # ArithmeticStyle


@dataclass
class Question:
    index: int
    text: str
    gold: list


TWO_NUMBERS = re.compile(r"([ \t\n\v\f\r]*)([0-9]+)([ \t\n\v\f\r]*)([-+*])([ \t\n\v\f\r]*)([0-9]+)([:= \t\n\v\f\r]*)")


def canonical(text):
    found = TWO_NUMBERS.fullmatch(text)
    if found:
        before, left, space, operation, after, right, end = found.groups()
        if operation != "-" and int(left) < int(right):
            text = "".join((before, right, space, operation, after, left, end))
    return re.sub(r"[ \t\n\v\f\r]+", " ", text).strip(" ")


def key(text):
    found = TWO_NUMBERS.fullmatch(canonical(text))
    return f"{int(found[2])}{found[4]}{int(found[6])}" if found else canonical(text)


def is_heldout(text, share):
    return float(xxhash.xxh3_64_intdigest(canonical(text).encode())) < share * 2.0**64


# Generated arithmetic.

def operand(settings, stream):
    digits = settings.min_digits + stream.below(settings.max_digits - settings.min_digits + 1)
    lowest = 0 if digits == 1 else 10 ** (digits - 1)
    return lowest + stream.below(10**digits - lowest)


def problem(settings, stream):
    """(left, operation, right)."""
    operation = settings.operations[stream.below(len(settings.operations))]
    left, right = operand(settings, stream), operand(settings, stream)
    if operation == "-" and left < right:
        left, right = right, left
    return left, operation, right


def problem_text(settings, left, operation, right):
    return f"{left} {operation} {right} =" if settings.style == PLAIN else f"{left}{operation}{right}:"


def result(left, operation, right):
    return {"+": left + right, "-": left - right, "*": left * right}[operation]


def training_problem(data, stream):
    keys = heldout_keys(data.heldout)
    while True:
        drawn = problem(data.arithmetic, stream)
        text = problem_text(data.arithmetic, *drawn)
        if not (key(text) in keys if data.heldout else is_heldout(text, data.heldout_share)):
            return drawn


def generated(data, seed, n):
    drawn = training_problem(data, Stream(seed, QUESTIONS, n))
    return Question(n, problem_text(data.arithmetic, *drawn), [str(result(*drawn))])


def generated_heldout(data, count):
    stream, found = Stream(0, QUESTIONS, 2**63), {}
    for _ in range(min(max(1000 * count, 10**6), 2 * 10**7)):
        if len(found) == count:
            break
        drawn = problem(data.arithmetic, stream)
        text = problem_text(data.arithmetic, *drawn)
        if text not in found and is_heldout(text, data.heldout_share):
            found[text] = Question(2**63 + len(found), text, [str(result(*drawn))])
    return list(found.values())


def worked(data, seed, n, forgotten_carries, padding=0):
    """(question, response) of pretraining."""
    stream = Stream(seed, QUESTIONS, 2**62 + n)
    left, operation, right = training_problem(data, stream)
    (response, forgot), dots = solution(data, left, operation, right, forgotten_carries, stream), ""
    mean = 2 * padding if forgot else padding
    while len(dots) < int(7 * mean) and stream.uniform() < mean / (1 + mean):
        dots += "."
    return problem_text(data.arithmetic, left, operation, right), response + dots


def solution(data, left, operation, right, forgotten_carries, stream):
    """(response, whether a carry was forgotten)."""
    answer = str(result(left, operation, right))
    if data.arithmetic.style == PLAIN:
        return " " + answer, False
    if operation == "*":
        places = [int(digit) * 10**i for i, digit in enumerate(reversed(str(right)))]
        return "".join(f"{left}*{place}={left * place};" for place in places) + answer, False
    columns = max(len(str(left)), len(str(right)))
    response, written, carry, forgot = "", "", 0, False
    for i in range(columns):
        a, b = left // 10**i % 10, right // 10**i % 10
        value = a + b + carry if operation == "+" else a - b - carry
        response += f"{a}{operation}{b}{operation}{carry}={value};"
        written = str(value % 10) + written
        carry = int(not 0 <= value <= 9)
        if carry and i + 1 < columns and stream.uniform() < forgotten_carries:
            carry, forgot = 0, True
    if carry and operation == "+":
        written = "1" + written
    return response + str(int(written)), forgot


# Questions of a file.

def read_file(path):
    """Of simple files: keys `problem` and `answer`, answers that are texts or lists of texts."""
    questions = []
    for line in open(path):
        if line.strip():
            entry = json.loads(line)
            answers = entry["answer"] if isinstance(entry["answer"], list) else [entry["answer"]]
            questions.append(Question(len(questions), entry["problem"], [answer.strip() for answer in answers]))
    return questions


@functools.cache
def heldout_keys(path):
    """Of data.heldout; none without it."""
    return {key(question.text) for question in read_file(path)} if path else set()


def heldout_of_file(path):
    """The questions of data.heldout, all of which fit, in the order of evaluations."""
    once = {}
    for question in read_file(path):
        once.setdefault(key(question.text), question)
    return Stream(0, PROMPT_ORDER, 2**63).shuffle(once.values())


def split(data, questions, fits):
    """(training questions in the order of the file, held-out questions in the order of evaluations) of data.train alone. `fits`: of a text."""
    train = [q for q in questions if not is_heldout(q.text, data.heldout_share) and fits(q.text)]
    once = {}
    for question in questions:
        if is_heldout(question.text, data.heldout_share):
            once.setdefault(key(question.text), question)
    return train, Stream(0, PROMPT_ORDER, 2**63).shuffle(q for q in once.values() if fits(q.text))


def from_file(train, seed, n):
    epoch, at = divmod(n, len(train))
    return train[Stream(seed, PROMPT_ORDER, epoch).shuffle(range(len(train)))[at]]
