// Scores that others published, to stand beside one's own (published_scores.json has them with their source).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace drover::evaluation {

struct PublishedModel {
  std::string name;
  std::string prompt_template;           // a shipped template's name; empty where the source does not say
  std::map<std::string, double> scores;  // by benchmark; accuracies from 0 to 1
  double mean = 0;                       // as it was printed
  std::string note;                      // about a number that looks wrong in print; usually empty
};

struct Published {
  std::string source;  // where the numbers are from
  std::string how;     // how they were measured
  std::vector<PublishedModel> models;
};

const Published& PublishedScores();

}  // namespace drover::evaluation
