"""docs/reference/questions.md, followed. `data` is the recipe's DataSettings."""
import functools
import json
import math
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
    (response, forgot), signs = solution(data, left, operation, right, forgotten_carries, stream), ""
    while len(signs) < int(7 * padding) and stream.uniform() < padding / (1 + padding):
        signs += "," if forgot else "."
    return problem_text(data.arithmetic, left, operation, right), response + signs


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


# Countdown and word problems: each draws a problem, and has its text, answer and solution.

@dataclass
class Drawn:
    text: str
    answer: str
    solution: str


def countdown(settings, stream):
    for _ in range(10000):
        numbers = [1 + stream.below(settings["max_number"]) for _ in range(settings["min_numbers"] + stream.below(settings["max_numbers"] - settings["min_numbers"] + 1))]
        parts, steps = [(number, str(number)) for number in numbers], []
        while len(parts) > 1:
            a = parts.pop(stream.below(len(parts)))
            b = parts.pop(stream.below(len(parts)))
            if a[0] < b[0]:
                a, b = b, a
            operation = "+-*/"[stream.below(4)]
            if (operation == "-" and a[0] == b[0]) or (operation == "/" and a[0] % b[0]):
                operation = "+"
            value = {"+": a[0] + b[0], "-": a[0] - b[0], "*": a[0] * b[0], "/": a[0] // b[0]}[operation]
            steps.append(f"{a[0]} {operation} {b[0]} = {value}")
            parts.append((value, f"({a[1]} {operation} {b[1]})"))
        target, expression = parts[0]
        if target > settings["max_target"] or target in numbers:
            continue
        numbers.sort()
        listed = ", ".join(map(str, numbers))
        return Drawn(
            f"Using the numbers {listed}, each exactly once, and + - * / with brackets, write an expression that equals {target}.",
            f"{target}: {' '.join(map(str, numbers))}",
            f" {', '.join(steps)}, \\boxed{{{expression[1:-1]}}}",
        )


def word_problem(settings, stream, tables):
    """`tables` are the stories, people and things at the top of data/word_problems.cc."""
    stories, people, things = tables
    one, first, last = 8, 0 if settings["min_steps"] == 1 else 8, 8 if settings["max_steps"] == 1 else 16
    story = first + stream.below(last - first)
    who, other = stream.below(12), stream.below(11)
    other += other >= who
    thing = stream.below(12)

    def number():
        return 2 + stream.below(settings["max_number"] - 1)

    def factor():
        return 2 + stream.below(11)

    z = None
    if story in (0, 1, 14):
        x, y = number(), number()
        steps = [(x, "+", y)] if story < one else [(x, "+", y), (None, "+", x)]
    elif story in (2, 3):
        y = number()
        x = y + number()
        steps = [(x, "-", y)]
    elif story in (4, 5):
        x, y = factor(), number()
        steps = [(x, "*", y)]
    elif story in (6, 7):
        y = factor()
        x = y * number()
        steps = [(x, "/", y)]
    elif story == 8:
        x, y, z = factor(), number(), number()
        steps = [(x, "*", y), (None, "+", z)]
    elif story == 9:
        x, y = factor(), number()
        z = 1 + stream.below(x * y - 1)
        steps = [(x, "*", y), (None, "-", z)]
    elif story == 10:
        x, y, z = number(), number(), factor()
        steps = [(x, "+", y), (None, "*", z)]
    elif story == 11:
        x, y = number(), number()
        z = 1 + stream.below(x + y - 1)
        steps = [(x, "+", y), (None, "-", z)]
    elif story == 12:
        y = factor()
        x, z = y * number(), number()
        steps = [(x, "/", y), (None, "+", z)]
    elif story == 13:
        y = factor()
        x, z = y * number(), number()
        x += z
        steps = [(x, "-", z), (None, "/", y)]
    else:
        x, y = number(), factor()
        steps = [(x, "*", y), (None, "+", x)]
    written, before = [], None
    for a, operation, b in steps:
        a = before if a is None else a
        before = {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[operation]
        written.append(f"{a} {operation} {b} = {before}")
    text = stories[story].replace("{A}", people[who]).replace("{B}", people[other]).replace("{s}", things[thing])
    text = text.replace("{x}", str(x)).replace("{y}", str(y)).replace("{z}", str(z))
    return Drawn(text, str(before), f" {', '.join(written)}, \\boxed{{{before}}}")


def first_different(draw, seed, share, count):
    """The first `count` different training questions of a run without data.heldout."""
    found, n = {}, 0
    while len(found) < count:
        stream = Stream(seed, QUESTIONS, n)
        while is_heldout((drawn := draw(stream)).text, share):
            pass
        found.setdefault(drawn.text, drawn)
        n += 1
    return list(found.values())


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


def in_curriculum(train, rates, seed, n, prompts, window):
    """`rates` are the training questions' pass rates."""
    if n >= prompts:
        return from_file(train, seed, n - prompts)
    ordered = sorted(range(len(train)), key=lambda i: -rates[i])
    size = max(1, math.ceil(window * len(train)))
    return train[ordered[n * (len(train) - size) // prompts + Stream(seed, PROMPT_ORDER, 2**61 + n).below(size)]]


def in_mixture(files, weights, seed, n):
    """`files` are lists of training questions."""
    total = sum(weights)
    shares = [1000 * (weight / total) for weight in weights]
    counts = [int(share) for share in shares]
    for i in sorted(range(len(files)), key=lambda i: (-(shares[i] - int(shares[i])), i))[: 1000 - sum(counts)]:
        counts[i] += 1
    block, place = divmod(n, 1000)
    order = Stream(seed, PROMPT_ORDER, 2**62 + block).shuffle([i for i, count in enumerate(counts) for _ in range(count)])
    i = order[place]
    epoch, at = divmod(block * counts[i] + order[:place].count(i), len(files[i]))
    return files[i][Stream(seed, PROMPT_ORDER, i * 2**40 + epoch).shuffle(range(len(files[i])))[at]]
