"""docs/reference/random-numbers.md, followed."""
import math

LOW32, LOW64 = 2**32 - 1, 2**64 - 1
SAMPLING, PROMPT_ORDER, MINIBATCH_ORDER, REWARD_SHUFFLE, QUESTIONS, INITIAL_WEIGHTS = range(1, 7)


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = q >> 32 ^ c1 ^ k0, q & LOW32, p >> 32 ^ c3 ^ k1, p & LOW32
        k0, k1 = k0 + 0x9E3779B9 & LOW32, k1 + 0xBB67AE85 & LOW32
    return c0, c1, c2, c3


def key(seed, purpose):
    x = seed + 0x9E3779B97F4A7C15 * (purpose + 1) & LOW64
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & LOW64
    x = (x ^ x >> 27) * 0x94D049BB133111EB & LOW64
    x ^= x >> 31
    return x & LOW32, x >> 32


def draw(counter, key_words):
    block = philox(counter, key_words)
    return block[0] << 32 | block[1]


def as_uniform(bits):
    return (bits >> 11) * 2.0**-53


def sampling_uniform(seed, group, response, position):
    return as_uniform(draw((group & LOW32, group >> 32, response, position), key(seed, SAMPLING)))


class Stream:
    def __init__(self, seed, purpose, stream):
        self.key, self.stream, self.next = key(seed, purpose), stream, 0

    def draw(self):
        index, self.next = self.next, self.next + 1
        return draw((self.stream & LOW32, self.stream >> 32, index & LOW32, index >> 32), self.key)

    def uniform(self):
        return as_uniform(self.draw())

    def below(self, n):
        limit = LOW64 - LOW64 % n
        while (value := self.draw()) >= limit:
            pass
        return value % n

    def shuffle(self, items):
        items = list(items)
        for i in range(len(items), 1, -1):
            j = self.below(i)
            items[i - 1], items[j] = items[j], items[i - 1]
        return items


def initial_weights(seed, shapes, std):
    """{name: numbers in row-major order, doubles} of a new model; `shapes` is {name: shape}."""
    weights = {}
    for number, name in enumerate(sorted(shapes, key=str.encode)):
        count, stream, values = math.prod(shapes[name]), Stream(seed, INITIAL_WEIGHTS, number), []
        if len(shapes[name]) == 1:
            weights[name] = [0.0 if name.endswith(".bias") else 1.0] * count
            continue
        while len(values) < count:
            u, v = stream.uniform(), stream.uniform()
            r = std * math.sqrt(-2 * math.log(1 - u))
            values += [r * math.cos(2 * math.pi * v), r * math.sin(2 * math.pi * v)]
        weights[name] = values[:count]
    return weights
