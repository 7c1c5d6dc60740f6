#include "model/jinja/renderer.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/jinja/evaluator.h"

namespace drover::model::jinja {
namespace {

constexpr int kMacroNesting = 50;  // what the statements of a macro may take of kMaxNesting

enum class Flow { kOn, kBreak, kContinue };

class Renderer : public Evaluator {
 public:
  using Evaluator::Evaluator;

  absl::StatusOr<std::string> Run(const Block& block) {
    std::string out;
    const auto flow = RunBlock(block, out);
    if (!flow.ok()) return Annotate(flow.status(), absl::StrCat("line ", error_line_));
    return out;
  }

 private:
  absl::StatusOr<Flow> RunBlock(const Block& block, std::string& out) {
    for (const auto& statement : block) {
      auto flow = RunStatement(*statement, out);
      if (!flow.ok() && error_line_ == 0) error_line_ = statement->line;
      RETURN_IF_ERROR(flow.status());
      if (*flow != Flow::kOn) return flow;
    }
    return Flow::kOn;
  }

  absl::StatusOr<Flow> RunStatement(const Statement& statement, std::string& out) {
    RETURN_IF_ERROR(Charge(1));
    switch (statement.kind) {
      case Statement::Kind::kText:
        RETURN_IF_ERROR(Append(statement.text, out));
        return Flow::kOn;
      case Statement::Kind::kOutput: {
        ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.value));
        ASSIGN_OR_RETURN(const std::string text, Text(value));
        RETURN_IF_ERROR(Append(text, out));
        return Flow::kOn;
      }
      case Statement::Kind::kIf: {
        ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.value));
        return RunBlock(True(value) ? statement.body : statement.otherwise, out);
      }
      case Statement::Kind::kFor:
        return RunFor(statement, out);
      case Statement::Kind::kSet:
        RETURN_IF_ERROR(RunSet(statement));
        return Flow::kOn;
      case Statement::Kind::kSetBlock: {
        std::string text;
        ASSIGN_OR_RETURN(const Flow flow, RunBlock(statement.body, text));
        scopes_.back()[statement.names[0]] = Of(text);
        return flow;
      }
      case Statement::Kind::kMacro:
        scopes_.back()[statement.text].macro = &statement;
        return Flow::kOn;
      case Statement::Kind::kBreak:
        return Flow::kBreak;
      case Statement::Kind::kContinue:
        return Flow::kContinue;
    }
    return Flow::kOn;
  }

  absl::Status Append(const std::string& text, std::string& out) {
    RETURN_IF_ERROR(Charge(text.size()));
    RETURN_IF_ERROR(CheckSize(out.size() + text.size()));
    out += text;
    return absl::OkStatus();
  }

  // Sets the names of a for or a set to `value`, or to its parts.
  absl::Status Bind(const std::vector<std::string>& names, const Value& value) {
    if (names.size() == 1) {
      scopes_.back()[names[0]] = value;
      return absl::OkStatus();
    }
    if (!value.json || !value.json->is_array() || value.json->size() != names.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are not ", names.size(), " values for as many names"));
    }
    for (size_t i = 0; i < names.size(); ++i) scopes_.back()[names[i]] = PartOf(value.json, (*value.json)[i]);
    return absl::OkStatus();
  }

  absl::Status RunSet(const Statement& statement) {
    ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.value));
    if (statement.attribute.empty()) return Bind(statement.names, value);
    const Value target = Find(statement.names[0]);
    if (!target.space) {
      return absl::InvalidArgumentError(absl::StrCat(statement.names[0], " is no namespace"));
    }
    ASSIGN_OR_RETURN(const auto json, Plain(value));
    RETURN_IF_ERROR(ChargeFor(*json));
    (*target.space)[statement.attribute] = *json;
    return absl::OkStatus();
  }

  // The entries that the loop goes through: those for which its condition holds.
  absl::StatusOr<std::vector<Value>> Rounds(const Statement& statement) {
    ASSIGN_OR_RETURN(const Value whole, Evaluate(*statement.value));
    std::vector<Value> rounds;
    if (!whole.defined()) return rounds;
    ASSIGN_OR_RETURN(const auto json, Plain(whole));
    ASSIGN_OR_RETURN(std::vector<Json> elements, Elements(*json));
    for (Json& element : elements) {
      RETURN_IF_ERROR(ChargeFor(element));
      Value round = Of(std::move(element));
      if (statement.condition != nullptr) {
        RETURN_IF_ERROR(Bind(statement.names, round));
        ASSIGN_OR_RETURN(const Value holds, Evaluate(*statement.condition));
        if (!True(holds)) continue;
      }
      rounds.push_back(std::move(round));
    }
    return rounds;
  }

  absl::StatusOr<Flow> RunFor(const Statement& statement, std::string& out) {
    scopes_.emplace_back();
    auto flow = RunRounds(statement, out);
    scopes_.pop_back();
    return flow;
  }

  absl::StatusOr<Flow> RunRounds(const Statement& statement, std::string& out) {
    ASSIGN_OR_RETURN(const std::vector<Value> rounds, Rounds(statement));
    if (rounds.empty()) return RunBlock(statement.otherwise, out);
    const int64_t size = static_cast<int64_t>(rounds.size());
    for (int64_t i = 0; i < size; ++i) {
      scopes_.back().clear();  // names that a round sets are its own
      RETURN_IF_ERROR(Bind(statement.names, rounds[static_cast<size_t>(i)]));
      Json loop = {{"index", i + 1},           {"index0", i},    {"first", i == 0},
                   {"last", i + 1 == size},    {"length", size}, {"revindex", size - i},
                   {"revindex0", size - i - 1}};
      if (i > 0) loop["previtem"] = *rounds[static_cast<size_t>(i) - 1].json;
      if (i + 1 < size) loop["nextitem"] = *rounds[static_cast<size_t>(i) + 1].json;
      RETURN_IF_ERROR(ChargeFor(loop));
      scopes_.back()["loop"] = Of(std::move(loop));
      ASSIGN_OR_RETURN(const Flow flow, RunBlock(statement.body, out));
      if (flow == Flow::kBreak) break;
    }
    return Flow::kOn;
  }

  // A macro sees its arguments and the template's own names, not those of where it is called.
  absl::StatusOr<Value> CallMacro(const Statement& macro, const Arguments& arguments) override {
    if (nesting_ + kMacroNesting > kMaxNesting)
      return absl::ResourceExhaustedError("the template is nested too deeply");
    Scope scope;
    for (size_t i = 0; i < macro.names.size(); ++i) {
      const std::string& name = macro.names[i];
      if (i < arguments.values.size()) scope[name] = Of(arguments.values[i]);
      if (const auto given = arguments.named.find(name); given != arguments.named.end()) {
        scope[name] = Of(given->second);
      }
    }
    for (const auto& [name, value] : macro.defaults) {
      if (scope.count(name) > 0) continue;
      ASSIGN_OR_RETURN(scope[name], Evaluate(*value));
    }
    std::vector<Scope> around = {scopes_[0], std::move(scope)};
    std::swap(scopes_, around);
    std::string text;
    nesting_ += kMacroNesting;
    const auto flow = RunBlock(macro.body, text);
    nesting_ -= kMacroNesting;
    std::swap(scopes_, around);
    RETURN_IF_ERROR(flow.status());
    return Of(std::move(text));
  }

  int error_line_ = 0;  // of the innermost statement that failed
};

}  // namespace

absl::StatusOr<std::string> Render(const Block& block, const Json& context) {
  return Renderer(context).Run(block);
}

}  // namespace drover::model::jinja
