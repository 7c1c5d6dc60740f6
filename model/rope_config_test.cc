#include "model/rope_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json Llama3() {
  return {{"rope_type", "llama3"},
          {"factor", 8.0},
          {"low_freq_factor", 1.0},
          {"high_freq_factor", 4.0},
          {"original_max_position_embeddings", 64}};
}

absl::StatusOr<RopeConfig> Parse(const json& value) {
  const auto fields = JsonFields::Of(value, "");
  if (!fields.ok()) return fields.status();
  return ParseRope(*fields);
}

double Theta(const json& value) {
  const auto config = Parse(value);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? config->theta : 0;
}

TEST(ParseRope, TheBaseIsReadWhereverItStands) {
  EXPECT_EQ(Theta({{"hidden_size", 8}}), 10000.0);
  EXPECT_EQ(Theta({{"rope_theta", 5e5}}), 5e5);
  EXPECT_EQ(Theta({{"rope_theta", 5e5}, {"rope_scaling", nullptr}}), 5e5);
  for (const char* dictionary : {"rope_scaling", "rope_parameters"}) {
    EXPECT_EQ(Theta({{dictionary, {{"rope_theta", 3e4}, {"rope_type", "default"}}}}), 3e4);
    EXPECT_EQ(Theta({{dictionary, {{"rope_theta", 3e4}}}}), 3e4);
    EXPECT_EQ(Theta({{"rope_theta", 3e4}, {dictionary, {{"rope_theta", 3e4}, {"type", "default"}}}}), 3e4);
    json scaling = Llama3();
    scaling["rope_theta"] = 7e5;
    const auto config = Parse({{dictionary, scaling}}).value();
    EXPECT_EQ(config.theta, 7e5);
    EXPECT_EQ(config.scaling->factor, 8.0);
  }
  EXPECT_EQ(Theta({{"rope_parameters", {{"rope_theta", 3e4}}}, {"rope_scaling", {{"rope_theta", 3e4}}}}),
            3e4);
}

TEST(ParseRope, TheTypeHasTwoNames) {
  json scaling = Llama3();
  scaling["type"] = "llama3";
  EXPECT_TRUE(Parse({{"rope_scaling", scaling}}).value().scaling.has_value());
  scaling.erase("rope_type");
  EXPECT_TRUE(Parse({{"rope_scaling", scaling}}).value().scaling.has_value());
  EXPECT_FALSE(
      Parse({{"rope_scaling", {{"type", "default"}, {"rope_type", "default"}}}}).value().scaling.has_value());
}

TEST(ParseRope, TheOriginalContextMayStandAtTheTop) {
  json scaling = Llama3();
  scaling.erase("original_max_position_embeddings");
  const json outside = {{"original_max_position_embeddings", 32}, {"rope_scaling", scaling}};
  EXPECT_EQ(Parse(outside).value().scaling->original_max_positions, 32);
  EXPECT_THAT(std::string(Parse({{"rope_scaling", scaling}}).status().message()),
              HasSubstr("rope_scaling.original_max_position_embeddings is missing"));
  const json both = {{"original_max_position_embeddings", 32}, {"rope_scaling", Llama3()}};
  EXPECT_THAT(std::string(Parse(both).status().message()),
              HasSubstr("rope_scaling.original_max_position_embeddings is 64, must be 32"));
}

TEST(ParseRope, WhatContradictsItselfIsRefused) {
  struct {
    json value;
    const char* why;
  } cases[] = {
      {{{"rope_theta", 1e4}, {"rope_scaling", {{"rope_theta", 5e5}}}},
       "rope_scaling.rope_theta is 500000.0, must be 10000, as the file says elsewhere"},
      {{{"rope_parameters", {{"rope_theta", 1e4}}}, {"rope_scaling", {{"rope_theta", 5e5}}}},
       "rope_scaling.rope_theta"},
      {{{"rope_parameters", {{"rope_theta", 1e4}}}, {"rope_scaling", Llama3()}},
       "must be the same as rope_parameters"},
      {{{"rope_scaling", {{"rope_type", "default"}, {"type", "llama3"}}}},
       "rope_scaling.type is \"llama3\", must be \"default\", as rope_type is"},
      {{{"rope_parameters", {{"rope_theta", 0}}}}, "rope_parameters.rope_theta is 0"},
  };
  for (const auto& c : cases) {
    const absl::Status status = Parse(c.value).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.why << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.why));
  }
}

TEST(ParseRope, FieldsThatAreNotReadAreRefused) {
  for (const char* dictionary : {"rope_scaling", "rope_parameters"}) {
    for (const auto& [name, content] : {std::pair<const char*, json>{"mrope_section", {16, 24, 24}},
                                        {"attention_factor", 1.2},
                                        {"beta_fast", 32},
                                        {"full_attention", {{"rope_theta", 1e4}}}}) {
      for (json rope : {Llama3(), json{{"rope_type", "default"}, {"rope_theta", 1e4}}}) {
        rope[name] = content;
        const absl::Status status = Parse({{dictionary, rope}}).status();
        EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << name << ": " << status;
        EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(dictionary) + "." + name));
      }
    }
    EXPECT_THAT(std::string(Parse({{dictionary, {{"type", "default"}, {"factor", 2.0}}}}).status().message()),
                HasSubstr("factor is 2.0, must be absent with the rope type \"default\""));
    EXPECT_FALSE(Parse({{dictionary, {{"partial_rotary_factor", 0.5}}}}).ok());
    EXPECT_TRUE(Parse({{dictionary, {{"partial_rotary_factor", 1.0}, {"beta_fast", nullptr}}}}).ok());
  }
}

}  // namespace
}  // namespace drover::model
