#include "model/rope_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr RopeContext kContext = {.head_dim = 8, .max_positions = 64};

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
  return ParseRope(*fields, kContext);
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
    EXPECT_EQ(std::get<Llama3RopeScaling>(config.scaling).factor, 8.0);
  }
  EXPECT_EQ(Theta({{"rope_parameters", {{"rope_theta", 3e4}}}, {"rope_scaling", {{"rope_theta", 3e4}}}}),
            3e4);
}

bool IsLlama3(const json& value) {
  return std::holds_alternative<Llama3RopeScaling>(Parse(value).value().scaling);
}

TEST(ParseRope, TheTypeHasTwoNames) {
  json scaling = Llama3();
  scaling["type"] = "llama3";
  EXPECT_TRUE(IsLlama3({{"rope_scaling", scaling}}));
  scaling.erase("rope_type");
  EXPECT_TRUE(IsLlama3({{"rope_scaling", scaling}}));
  EXPECT_FALSE(IsLlama3({{"rope_scaling", {{"type", "default"}, {"rope_type", "default"}}}}));
}

TEST(ParseRope, TheOriginalContextMayStandAtTheTop) {
  json scaling = Llama3();
  scaling.erase("original_max_position_embeddings");
  const json outside = {{"original_max_position_embeddings", 32}, {"rope_scaling", scaling}};
  EXPECT_EQ(std::get<Llama3RopeScaling>(Parse(outside).value().scaling).original_max_positions, 32);
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
    EXPECT_EQ(Parse({{dictionary, {{"partial_rotary_factor", 0.5}}}}).value().rotated_share, 0.5);
    EXPECT_FALSE(Parse({{dictionary, {{"partial_rotary_factor", 0.4}}}}).ok()) << "3 of 8 numbers";
    EXPECT_TRUE(Parse({{dictionary, {{"partial_rotary_factor", 1.0}, {"beta_fast", nullptr}}}}).ok());
  }
}

TEST(ParseRope, Yarn) {
  json scaling = {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32}};
  const auto read = [&] {
    return std::get<YarnRopeScaling>(Parse({{"rope_scaling", scaling}}).value().scaling);
  };
  EXPECT_EQ(read(),
            (YarnRopeScaling{
                .factor = 4.0, .original_max_positions = 32, .attention_factor = 0.1 * std::log(4.0) + 1.0}));
  scaling["mscale"] = 2.0;
  scaling["mscale_all_dim"] = 0.5;
  EXPECT_EQ(read().attention_factor, (0.2 * std::log(4.0) + 1.0) / (0.05 * std::log(4.0) + 1.0));
  scaling["attention_factor"] = 1.25;
  scaling["beta_fast"] = 16;
  scaling["beta_slow"] = 2;
  scaling["truncate"] = false;
  EXPECT_EQ(read(), (YarnRopeScaling{4.0, 32, 16.0, 2.0, 1.25, false}));
  scaling.erase("original_max_position_embeddings");
  EXPECT_EQ(read().original_max_positions, kContext.max_positions);
  scaling["beta_slow"] = 17;
  EXPECT_FALSE(Parse({{"rope_scaling", scaling}}).ok());
}

TEST(ParseRope, WhatIsWrittenIsReadBack) {
  const RopeScaling scalings[] = {RopeScaling(),
                                  LinearRopeScaling{3.0},
                                  DynamicRopeScaling{2.0},
                                  Llama3RopeScaling{8.0, 1.0, 4.0, 16},
                                  YarnRopeScaling{4.0, 32, 16.0, 2.0, 1.25, false},
                                  LongRopeScaling{{1, 1.5, 2, 2}, {4, 4, 5, 6}, 32, 1.19}};
  for (const RopeScaling& scaling : scalings) {
    const RopeConfig config{.theta = 500.0, .scaling = scaling};
    EXPECT_EQ(Parse({{"rope_theta", 500.0}, {"rope_scaling", RopeScalingJson(config)}}).value(), config)
        << scaling.index();
  }
}

TEST(PositionsReached, ByTheScaling) {
  const auto reached = [](const RopeScaling& scaling) {
    const RopeConfig config{.scaling = scaling};
    const int64_t positions = PositionsReached(config, 100);
    EXPECT_EQ(PositionsReached(config, PositionsToWrite(config, positions)), positions);
    return positions;
  };
  EXPECT_EQ(reached({}), 100);
  for (int i = 0; i < 1000; ++i) reached(LinearRopeScaling{1.0 + 0.013 * i});
  EXPECT_EQ(reached(LinearRopeScaling{2.5}), 250);
  EXPECT_EQ(reached(DynamicRopeScaling{4.0}), 100);
  EXPECT_EQ(reached(Llama3RopeScaling{}), 100);
  EXPECT_EQ(reached(YarnRopeScaling{.factor = 4.0, .original_max_positions = 20}), 100);
  EXPECT_EQ(reached(YarnRopeScaling{.factor = 4.0, .original_max_positions = 100}), 400);
  EXPECT_EQ(reached(LongRopeScaling{.original_max_positions = 40}), 40);
}

}  // namespace
}  // namespace drover::model
