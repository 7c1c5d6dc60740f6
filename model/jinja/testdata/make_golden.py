#!/usr/bin/env python3
"""Writes golden.jsonl: templates (or their files in templates/), contexts and what jinja2 makes of them, set up as transformers does; null
where it raises. Needs jinja2 (made with 3.1.6)."""
import json
from pathlib import Path

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


def raise_exception(message):
    raise ValueError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


class Generation(Extension):
    """{% generation %}, which marks what an assistant wrote and prints nothing."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_plain"), [], [], body).set_lineno(line)

    def _plain(self, caller):
        return caller()


ENVIRONMENT = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
ENVIRONMENT.filters["tojson"] = tojson
ENVIRONMENT.globals["raise_exception"] = raise_exception

USER = [{"role": "user", "content": "What is 6 times 7?"}]
TALK = [{"role": "system", "content": " Be brief. \n"}, {"role": "user", "content": "Hi é 東京"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello"}, {"role": "user", "content": "1+1?"}]
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True}

CHATML = """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

WITH_TOOLS = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "<|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- tool_call.name ~ tool_call.arguments | tojson }}
        {%- endfor %}
    {%- elif (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
        {{- message.content }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

THINKING = """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- endif %}
        {%- else %}
            {{- message.role + '\\n' + content }}
        {%- endif %}
    {%- else %}
        {{- message.role + ': ' + content + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- 'assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""

HEADERS = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- This block extracts the system message. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {%- for arg_name, arg_val in tool_call.arguments | items %}
            {{- arg_name + '="' + arg_val + '"' }}
            {%- if not loop.last %}
                {{- ", " }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

ALTERNATE = """{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"""

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"x": [1, 2.5, True, None, "é\n\""], "e": {}, "l": []}}}]
CALLS = USER + [{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": "1", "b": "2"}}}]}]

CASES = []
for messages in (USER, TALK, TALK[1:], TALK[:3], CALLS):
    for template in (CHATML, WITH_TOOLS, THINKING, HEADERS):
        for extra in ({}, {"tools": TOOLS}, {"add_generation_prompt": False}, {"enable_thinking": False}):
            CASES.append((template, {"messages": messages, **SPECIAL, **extra}))
CASES.append((ALTERNATE, {"messages": TALK[1:], **SPECIAL}))

# One thing each, mostly white space and Python's ways.
SMALL = r"""
a {{ 1 }} b
x{% if true %} y {% endif %} z
x {%- if true -%} y {%- endif -%} z
a{{ '\n' }}{# c #}b
{{- 'x' -}}   y
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 * 3 + 1 }} {{ 2 + 3 * 4 }} {{ -3 }} {{ 1.5 + 1 }}
{{ 'a' * 3 }} {{ 'a' ~ 1 ~ none ~ true }} {{ ([1, 2] + [3]) | length }}
{{ 1 == 1.0 }} {{ 'a' != 'b' }} {{ 1 < 2 }} {{ 'a' < 'b' }} {{ 2 >= 3 }} {{ not true }} {{ not 0 == 0 }}
{{ 'a' in 'cat' }} {{ 'x' not in ['y'] }} {{ 'k' in {'k': 1} }} {{ 1 in [1, 2] and 3 in [1, 2] }}
{{ none }} {{ true }} {{ false }} {{ undefined_name }} {{ undefined_name is defined }} {{ '' or 'b' }} {{ 0 and 1 }}
{{ 'x' if false }}|{{ 'x' if 1 else 'y' }} {{ 'x' if '' else 'y' if [] else 'z' }}
{{ ' a b ' | trim }}|{{ ' a ' | trim | upper }}|{{ 'aBc' | lower }} {{ 'aBC dE' | capitalize }} {{ 'éa' | upper }}
{{ 'é東a' | length }} {{ 'é東a'[1] }} {{ 'é東a'[-1] }} {{ 'abcdef'[1:3] }} {{ 'abcdef'[::-1] }} {{ 'abcdef'[-2:] }} {{ 'abc'[5:] }}|
{{ [1, 2, 3][::2] | tojson }} {{ [1, 2, 3][:-1] | tojson }} {{ [1, 2, 3][1:] | tojson }} {{ [3, 1] | first }} {{ [3, 1] | last }} {{ (1, 2)[1] }}
{{ ['a', 'b'] | join }} {{ ['a', 'b'] | join(', ') }} {{ [1, 2] | join('-') }} {{ 'abc' | list | tojson }} {{ 'abc' | reverse }} {{ [1, 2] | reverse | list | tojson }}
{{ 'a,b,c'.split(',') | tojson }} {{ ' a  b '.split() | tojson }} {{ 'a,b,c'.split(',', 1) | tojson }} {{ 'aXbX'.replace('X', '--') }} {{ 'a' | replace('a', 'b') }}
{{ 'xxaxx'.strip('x') }} {{ 'xxaxx'.lstrip('x') }} {{ 'xxaxx'.rstrip('x') }} {{ ' \u00a0a '.strip() }} {{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('x') }} {{ 'AbC'.lower() }} {{ 'ab'.upper() }}
{{ {'a': 1, 'b': [true, none, 'é']} | tojson }} {{ {'a': {}} | tojson(indent=2) }} {{ {'a': [1, {'b': 2}]} | tojson(indent=4) }} {{ 'q"\n' | tojson }} {{ 1.0 | tojson }}
{{ {'a': 1}.a }} {{ {'a': 1}['a'] }} {{ {'a': 1}.get('b', 2) }} {{ {'a': 1}.get('a') }} {{ {'a': 1, 'b': 2}.items() | list | tojson }} {{ {'a': 1}.keys() | list | tojson }} {{ {'a': 1}.values() | list | tojson }}
{{ x | default('d') }} {{ '' | default('d') }} {{ '' | default('d', true) }} {{ '5' | int + 1 }} {{ (5 | string) + '1' }} {{ 2.7 | int }}
{{ 1 is number }} {{ 'a' is string }} {{ [] is iterable }} {{ {} is mapping }} {{ none is none }} {{ 1 is not none }} {{ x is undefined }} {{ true is boolean }} {{ 3 is odd }} {{ 3 is even }} {{ 1 is integer }} {{ false is false }} {{ 1 is true }}
{% for i in range(3) %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %} {% for i in range(1, 8, 3) %}{{ loop.index }}:{{ i }} {% endfor %}
{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %} {% for k in {'a': 1} %}{{ k }}{% endfor %} {% for c in 'é1' %}[{{ c }}]{% endfor %}
{% for i in [] %}x{% else %}nothing{% endfor %} {% for i in [1, 2, 3, 4] if i % 2 == 0 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %}
{% for i in [1, 2, 3, 4] %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for i in [1, 2, 3] %}{{ loop.previtem if loop.previtem is defined else '-' }}{{ i }}{{ loop.nextitem | default('-') }} {{ loop.first }} {{ loop.revindex }}|{% endfor %}
{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }} {% set ns = namespace(x=1) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}
{% if true %}{% set y = 5 %}{% endif %}{{ y }} {% set a, b = 1, 2 %}{{ b }}{{ a }} {% set t %}block {{ y }}{% endset %}{{ t | upper }}
{% macro m(a, b='x') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b='q', a='p') }} {{ m('z') | length }}
{% macro deep(n) %}{% if n > 0 %}{{ n }}{{ deep(n - 1) }}{% endif %}{% endmacro %}{{ deep(3) }}
{{ "a" "b" }} {{ 'it\'s' }} {{ "tab\there" }} {{ '\\' }} {{ [[1, 2], [3]] | tojson }} {{ [{'r': 'u', 'n': 1}, {'r': 's'}] | selectattr('r', 'equalto', 'u') | list | tojson }}
{{ [{'r': 'u', 'n': 1}, {'r': 's'}] | map(attribute='r') | list | tojson }} {{ [{'r': 'u'}, {'n': 1}] | rejectattr('n') | list | length }} {{ [{'r': 'u'}, {'n': 1}] | selectattr('n', 'defined') | list | length }}
{{ (1 if true else 2) + 3 }} {{ not (true and false) }} {{ 1 ~ 2 }} {{ 'a' ~ 'b' == 'ab' }} {{ - 2 + 5 }} {{ 2 - -3 }}
"""
SMALL += r"""{{ {'b': 'é', 'A': [1, {'z': 1, 'y': 2}]} | tojson(sort_keys=True) }} {{ 'é😀\u007f' | tojson(ensure_ascii=true) }} {{ {'a': [1, 2]} | tojson(separators=(',', ':')) }} {{ [1, [2]] | tojson(false, 1) }}
{% for k, v in {'b': 1, 'A': 2, 'a': 3} | dictsort %}{{ k }}{{ v }}{% endfor %} {{ [3, 1, 2] | min }} {{ ['b', 'c', 'a'] | max }}
{{ nil | trim }}|{{ nil | upper }}|{{ nil | string }}|{{ nil | list | length }}{{ nil | length }}|{{ nil | join(',') }}|{{ nil | replace('a', 'b') }}|{{ nil | selectattr('a') | list | length }}|{% for k, v in nil | items %}n{% endfor %}|{{ {}.a | trim }}
"""
CONTEXT = {"messages": USER}
CASES += [(line, CONTEXT) for line in SMALL.strip("\n").split("\n")]
CASES.append((SMALL, CONTEXT))
BLOCKS = """  {% if true %}
  indented
    {% endif %}
end
  {%+ if true %} kept {% endif +%}
after
{# a comment #}
line {#- another -#} line
"""
for template in (BLOCKS, "a\n", "a\n\n", "\na", "{% if true %}\n\na\n{% endif %}\n", "a\n  {{ 1 }}\n  {%- set x = 1 %}\n  b\n",
                 "{% if true %}a{% endif %}\nb", " {% set x = 1 %} {% set y = 2 %}\n{{ x }}{{ y }}", "{{ 1 }}\n{{ 2 }}\n",
                 "a {# c #}\n b", "a\n {# c #}\n b", "{% set x -%}\n  a\n{%- endset %}[{{ x }}]", "{{ {'a': {'b': 1}}['a']['b'] }}"):
    CASES.append((template, CONTEXT))

# Published templates: system prompts, tools, calls and their results, thoughts, and the prompt for an answer or not.
TOOL_TALK = USER + [{"role": "assistant", "content": "", "tool_calls": [{"type": "function", "id": "abcdefghi", "function": {"name": "f", "arguments": {"x": "1", "n": 2}}}]},
                    {"role": "tool", "name": "f", "tool_call_id": "abcdefghi", "content": "42"}, {"role": "assistant", "content": "It is 42."}, {"role": "user", "content": "Thanks"}]
HERE = Path(__file__).parent
for path in sorted((HERE / "templates").glob("*.jinja")):
    for messages in (USER, TALK, TALK[1:], TALK[:3], TOOL_TALK, TOOL_TALK[:3]):
        for extra in ({}, {"add_generation_prompt": False}, {"tools": TOOLS}, {"enable_thinking": False}):
            CASES.append((path, {"messages": messages, "tools": None, "documents": None, **SPECIAL, **extra}))


def rendered(source, context):
    try:
        return ENVIRONMENT.from_string(source).render(**context)
    except (TemplateError, ValueError, TypeError):
        return None


with open(HERE / "golden.jsonl", "w", encoding="utf-8") as out:
    for template, context in CASES:
        if isinstance(template, Path):
            line = {"file": template.name, "context": context, "text": rendered(template.read_text(encoding="utf-8"), context)}
        else:
            line = {"template": template, "context": context, "text": ENVIRONMENT.from_string(template).render(**context)}
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
print(len(CASES), "cases")
