// Environments: matrices, and what is transparent (aligned, cases, ...).
#include <string>
#include <vector>

#include "verifier/reading/parser_impl.h"

namespace drover::verifier {

// The cells of rows that end with \\, up to the token `end`, which is left. In a matrix all rows are equally long, and no
// cell is empty; elsewhere a & may stand before the end.
bool Parser::Rows(bool matrix, Token end, NodeIds* cells, uint32_t* columns) {
  uint32_t row = 0, rows = 0;
  while (!At(end)) {
    if (At(Token::kEnd) || Full()) return false;
    if (row == 0 && Accept(Token::kNewRow)) continue;  // an empty row
    const NodeId cell = RelationChain();
    if (cell == kNoNode) return false;
    cells->push_back(cell);
    ++row;
    if (static_cast<int64_t>(cells->size()) > budget_.limits().elements) return budget_.Exceed();
    if (Accept(Token::kAmpersand)) continue;
    if (rows == 0) *columns = row;
    if (row != *columns && matrix) return false;
    row = 0;
    ++rows;
    while (!matrix && Accept(Token::kComma)) {
    }
    if (!Accept(Token::kNewRow) && !At(end)) return false;
  }
  return !cells->empty() && (row == 0 || !matrix);
}

// \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} and its like. Other environments are transparent.
NodeId Parser::Environment() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  if (!Accept(Token::kLeftBrace)) return kNoNode;
  std::string name;
  while (!At(Token::kRightBrace) && !At(Token::kEnd)) {
    name += tree_.source.substr(Now().begin, Now().end - Now().begin);
    if (name.size() > 32) return kNoNode;
    ++at_;
  }
  if (!Accept(Token::kRightBrace)) return kNoNode;
  const bool matrix = name.find("matrix") != name.npos || name == "array";
  const bool aligned = (name == "array" && At(Token::kLeftBrace)) ||
                       (!name.empty() && name.back() == '*' && At(Token::kLeftBracket));
  if (matrix && aligned) {  // the columns' alignment
    while (!At(Token::kRightBrace) && !At(Token::kRightBracket) && !At(Token::kEnd)) ++at_;
    if (!At(Token::kEnd)) ++at_;
  }
  NodeIds cells;
  uint32_t columns = 0;
  ++environments_;
  const bool read = Rows(matrix, Token::kEndEnvironment, &cells, &columns);
  --environments_;
  if (!read) return kNoNode;
  ++at_;
  if (!Accept(Token::kLeftBrace)) return kNoNode;
  while (!At(Token::kRightBrace) && !At(Token::kEnd)) ++at_;
  if (!Accept(Token::kRightBrace)) return kNoNode;
  if (matrix) {
    const NodeId out = tree_.Add(Kind::kMatrix, cells, columns);
    return name == "vmatrix" ? Call(Function::kDet, {out}) : out;
  }
  if (cells.size() == 1) return cells[0];
  return Group(cells, 0);
}

// \pmatrix{1&2\cr3&4}.
NodeId Parser::PlainMatrix() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  if (!Accept(Token::kLeftBrace)) return kNoNode;
  NodeIds cells;
  uint32_t columns = 0;
  ++environments_;
  const bool read = Rows(/*matrix=*/true, Token::kRightBrace, &cells, &columns);
  --environments_;
  return read && Accept(Token::kRightBrace) ? tree_.Add(Kind::kMatrix, cells, columns) : kNoNode;
}

}  // namespace drover::verifier
