// Transcripts of a desk: testdata/desk/*.txt. A line without indentation is a request at a time (seconds), the indented
// lines behind it are what the desk answered and handed out. DROVER_UPDATE=1 in the environment rewrites them.
//
//   options steps=1 prompts=2 bound=0 drop=0 failures=5 rounds=10 queue=1000 waiters=8 share=100   a new desk; share in per cent
//   restart                                      a new desk that replays every event handed out so far
//   T start VERSION | back VERSION | publish VERSION | trained ROLLOUT FIRST LAST | checkpoint VERSION | finish | stop | tick | close
//   T rollout N | evaluation | evaluate version=V prompts=N | unfit LEASE REASON
//   T lease TICKET ACTOR max=1 wait=0 | cancel TICKET | renew ACTOR LEASE... | return TICKET ACTOR failed=0 LEASE...
//   T submit TICKET LEASE oldest=0 newest=0 equal=0 bytes=10 held=1 incarnation=I
//   T graded TICKET LEASE version=0              the group of an evaluation
//   T stored LEASE... | disk REASON | counts | evaluated (an evaluation's counts) | progress
#include "services/experience/desk.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

constexpr char kFolder[] = "services/experience/testdata/desk";

// The words of a request: plain ones in order, and name=value.
class Words {
 public:
  explicit Words(const std::string& line) {
    for (const std::string& word : std::vector<std::string>(absl::StrSplit(line, ' ', absl::SkipEmpty()))) {
      const std::pair<std::string, std::string> named = absl::StrSplit(word, absl::MaxSplits('=', 1));
      if (absl::StrContains(word, '=')) {
        named_[named.first] = named.second;
      } else {
        plain_.push_back(word);
      }
    }
  }
  std::string Next() {
    if (plain_.empty()) return "";
    std::string word = plain_.front();
    plain_.pop_front();
    return word;
  }
  uint64_t NextNumber() { return ToNumber(Next()); }
  std::vector<uint64_t> Numbers() {
    std::vector<uint64_t> numbers;
    while (!plain_.empty()) numbers.push_back(NextNumber());
    return numbers;
  }
  std::string Rest() {
    std::vector<std::string> words(plain_.begin(), plain_.end());
    plain_.clear();
    return absl::StrJoin(words, " ");
  }
  uint64_t Named(const std::string& name, uint64_t otherwise) const {
    const auto found = named_.find(name);
    return found == named_.end() ? otherwise : ToNumber(found->second);
  }

 private:
  static uint64_t ToNumber(const std::string& word) {
    uint64_t number = 0;
    const bool evaluation = absl::StartsWith(word, "e");
    EXPECT_TRUE(absl::SimpleAtoi(word.substr(evaluation ? 1 : 0), &number)) << "no number: " << word;
    return evaluation ? kFirstEvaluationId + number : number;
  }
  std::deque<std::string> plain_;
  std::map<std::string, std::string> named_;
};

// Lease and group ids of evaluations are large numbers: "e0" is the first.
std::string Id(uint64_t id) {
  return id >= kFirstEvaluationId ? absl::StrCat("e", id - kFirstEvaluationId) : absl::StrCat(id);
}

std::string Text(const absl::Status& status) {
  return status.ok() ? "OK" : absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
}

std::string Text(const absl::StatusOr<v1::LeaseGroupsResponse>& reply) {
  if (!reply.ok()) return Text(reply.status());
  if (reply->finished()) return "finished";
  if (reply->leases_size() == 0) {
    return reply->has_evaluating() ? absl::StrCat("nothing; keep version ", reply->evaluating()) : "nothing";
  }
  std::vector<std::string> leases;
  for (const v1::Lease& lease : reply->leases()) {
    leases.push_back(absl::StrCat("lease ", Id(lease.lease()), " of group ", Id(lease.group()),
                                  " from version ", lease.min_version()));
  }
  return absl::StrJoin(leases, ", ");
}

std::string Text(const absl::StatusOr<v1::SubmitGroupResponse>& reply) {
  if (!reply.ok()) return Text(reply.status());
  const std::string outcome = v1::SubmitOutcome_Name(reply->outcome()).substr(sizeof("SUBMIT_OUTCOME_") - 1);
  return reply->detail().empty() ? outcome : absl::StrCat(outcome, ": ", reply->detail());
}

std::string Text(const v1::LeaseCounts& counts) {
  EXPECT_TRUE(testing::SumsClose(counts));
  return counts.ShortDebugString();
}

std::string Text(After after) {
  switch (after) {
    case After::kNothing:
      return "at once";
    case After::kWritten:
      return "when written";
    case After::kSynced:
      return "when synced";
  }
  return "";
}

class Transcript {
 public:
  // What the desk answers a request and hands out, as lines.
  std::vector<std::string> Do(const std::string& line) {
    lines_.clear();
    Words words(line);
    std::string verb = words.Next();
    if (verb == "options") {
      Options(words);
    } else if (verb == "restart") {
      Restart();
    } else {
      double seconds = 0;
      EXPECT_TRUE(absl::SimpleAtod(verb, &seconds)) << line;
      now_ = absl::Seconds(seconds);
      verb = words.Next();
      if (!OfTheLoop(verb, words) && !OfActors(verb, words) && !OfTheDriver(verb, words)) {
        ADD_FAILURE() << "no request: " << line;
      }
    }
    Print(desk_->Take());
    return std::move(lines_);
  }

 private:
  void Options(Words& words) {
    options_ = testing::SmallRun("", nullptr, words.Named("steps", 1), words.Named("prompts", 1),
                                 words.Named("bound", 0));
    options_.drop_equal_groups = words.Named("drop", 0) > 0;
    options_.max_group_failures = static_cast<uint32_t>(words.Named("failures", 5));
    options_.max_rounds = words.Named("rounds", 10);
    options_.max_queued_bytes = words.Named("queue", 1000);
    options_.max_waiters = static_cast<uint32_t>(words.Named("waiters", 8));
    options_.evaluation_share = static_cast<double>(words.Named("share", 100)) / 100.0;
    options_.token = [this] { return absl::StrCat("token", ++tokens_); };
    events_.clear();
    Restart();
  }

  void Restart() {
    desk_ = std::make_unique<Desk>(options_);
    for (const v1::JournalEvent& event : events_) EXPECT_TRUE(desk_->Replay(event).ok());
  }

  bool OfTheLoop(const std::string& verb, Words& words) {
    if (verb == "back") return Say(desk_->GoBack(words.NextNumber(), now_));
    if (verb == "start") return Say(desk_->StartIncarnation(words.NextNumber(), now_));
    if (verb == "publish") return Say(desk_->Publish(words.NextNumber(), now_));
    if (verb == "checkpoint") return Say(desk_->MarkCheckpoint(words.NextNumber(), "checkpoint"));
    if (verb == "trained") {
      const uint64_t rollout = words.NextNumber(), first = words.NextNumber(), last = words.NextNumber();
      return Say(desk_->MarkTrained(rollout, rollout + 1, first, last, now_));
    }
    if (verb == "rollout") {
      const auto groups = desk_->Rollout(words.NextNumber());
      if (!groups.ok()) return Say(groups.status());
      for (const StoredGroup& group : *groups) {
        lines_.push_back(absl::StrCat("group ", group.group, " of lease ", group.lease, " at ", group.segment,
                                      ":", group.offset));
      }
      return true;
    }
    if (verb == "unfit") {
      const uint64_t lease = words.NextNumber();
      return Say(desk_->LeaseAgain({{lease, leases_[lease].group(), words.Rest()}}, now_));
    }
    if (verb == "evaluate") {
      std::vector<v1::Prompt> prompts;
      for (uint64_t i = 0; i < words.Named("prompts", 1); ++i) prompts.push_back(options_.prompt(i));
      return Say(desk_->BeginEvaluation(
          {.suite = "heldout", .version = words.Named("version", 0), .sampling = options_.sampling}, prompts,
          now_));
    }
    if (verb == "evaluation") {
      const auto groups = desk_->TakeEvaluation();
      if (!groups.ok()) return Say(groups.status());
      for (const v1::Group& group : *groups) lines_.push_back(absl::StrCat("graded ", Id(group.group())));
      return true;
    }
    if (verb != "finish" && verb != "stop") return false;
    verb == "finish" ? desk_->Finish(now_) : desk_->StopLeasing(now_);
    return true;
  }

  bool OfActors(const std::string& verb, Words& words) {
    if (verb == "lease") {
      v1::LeaseGroupsRequest request;
      const uint64_t ticket = words.NextNumber();
      request.set_actor(words.Next());
      request.set_max_leases(static_cast<uint32_t>(words.Named("max", 1)));
      request.set_wait_seconds(static_cast<double>(words.Named("wait", 0)));
      desk_->Lease(ticket, request, now_);
    } else if (verb == "cancel") {
      lines_.push_back(desk_->CancelLease(words.NextNumber()) ? "cancelled" : "too late");
    } else if (verb == "renew") {
      v1::RenewLeasesRequest request;
      request.set_actor(words.Next());
      request.set_incarnation(incarnation_);
      for (uint64_t lease : words.Numbers()) {
        request.add_leases(lease);
        request.add_tokens(leases_[lease].token());
      }
      const auto held = desk_->Renew(request, now_);
      lines_.push_back(held.ok() ? absl::StrCat("held: ", absl::StrJoin(held->held(), " "))
                                 : Text(held.status()));
    } else if (verb == "return") {
      v1::ReturnLeasesRequest request;
      const uint64_t ticket = words.NextNumber();
      request.set_actor(words.Next());
      request.set_incarnation(incarnation_);
      request.set_failed(words.Named("failed", 0) > 0);
      request.set_reason("a reason");
      for (uint64_t lease : words.Numbers()) {
        request.add_leases(lease);
        request.add_tokens(leases_[lease].token());
      }
      desk_->Return(ticket, request, now_);
    } else if (verb == "submit") {
      Submission submission;
      const uint64_t ticket = words.NextNumber();
      submission.lease = words.NextNumber();
      submission.incarnation = static_cast<uint32_t>(words.Named("incarnation", incarnation_));
      if (words.Named("held", 1) > 0) submission.payload = std::string(words.Named("bytes", 10), 'x');
      submission.digest = absl::StrCat("digest", submission.lease);
      submission.oldest_version = words.Named("oldest", 0);
      submission.newest_version = words.Named("newest", submission.oldest_version);
      submission.equal_rewards = words.Named("equal", 0) > 0;
      desk_->Submit(ticket, std::move(submission), now_);
    } else if (verb == "graded") {
      const uint64_t ticket = words.NextNumber();
      const v1::Lease& lease = leases_[kFirstEvaluationId + words.NextNumber()];
      desk_->SubmitEvaluation(ticket, testing::Answer(lease, words.Named("version", 0)), now_);
    } else {
      return false;
    }
    return true;
  }

  bool OfTheDriver(const std::string& verb, Words& words) {
    if (verb == "stored") {
      std::vector<StoredAt> stored;
      for (uint64_t lease : words.Numbers()) stored.push_back({lease, 1, 100 * lease});
      desk_->Stored(stored, now_);
    } else if (verb == "tick") {
      desk_->Tick(now_);
    } else if (verb == "disk") {
      desk_->DiskFailed(absl::InternalError(words.Rest()), now_);
    } else if (verb == "close") {
      desk_->Close(now_);
    } else if (verb == "counts") {
      lines_.push_back(Text(desk_->Counts()));
    } else if (verb == "evaluated") {
      lines_.push_back(Text(desk_->EvaluationCounts()));
    } else if (verb == "progress") {
      const Progress progress = desk_->GetProgress(now_);
      lines_.push_back(absl::StrCat("accepted ", progress.groups_accepted, " of ", progress.groups_needed,
                                    ", held ", progress.leases_held, ", waiting ", progress.waiting_calls,
                                    ", storing ", progress.queued_groups, " (", progress.queued_bytes,
                                    " bytes), actors ", progress.actors, ", evaluated ",
                                    progress.evaluation_done, " of ", progress.evaluation_total));
    } else {
      return false;
    }
    return true;
  }

  bool Say(const absl::Status& status) {
    if (!status.ok()) lines_.push_back(Text(status));
    return true;
  }

  void Print(const DeskOutput& output) {
    for (const v1::JournalEvent& event : output.events) {
      events_.push_back(event);
      lines_.push_back(absl::StrCat("event ", event.ShortDebugString()));
      if (event.has_incarnation_started()) incarnation_ = event.incarnation_started().incarnation();
    }
    if (output.sync) lines_.push_back("sync");
    for (const GroupToStore& group : output.groups) lines_.push_back(absl::StrCat("store ", group.lease));
    for (const Answer& answer : output.answers) {
      const std::string text = std::visit([](const auto& reply) { return Text(reply); }, answer.reply);
      lines_.push_back(absl::StrCat("answer ", answer.ticket, " ", Text(answer.after), ": ", text));
      const auto* leased = std::get_if<absl::StatusOr<v1::LeaseGroupsResponse>>(&answer.reply);
      if (leased == nullptr || !leased->ok()) continue;
      for (const v1::Lease& lease : (*leased)->leases()) leases_[lease.lease()] = lease;
    }
  }

  StoreOptions options_;
  std::unique_ptr<Desk> desk_;
  absl::Duration now_;
  std::vector<v1::JournalEvent> events_;  // of all desks since `options`
  std::map<uint64_t, v1::Lease> leases_;
  uint32_t incarnation_ = 1;
  uint64_t tokens_ = 0;
  std::vector<std::string> lines_;
};

class DeskTest : public ::testing::TestWithParam<std::string> {};

TEST_P(DeskTest, AnswersAsWritten) {
  const std::string path = absl::StrCat(kFolder, "/", GetParam());
  const absl::StatusOr<std::string> written = ReadFile(path);
  ASSERT_TRUE(written.ok()) << written.status() << " (run it from the repository's root)";
  std::string now;
  Transcript transcript;
  for (const absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(*written), '\n')) {
    if (absl::StartsWith(line, "  ")) continue;
    absl::StrAppend(&now, line, "\n");
    if (line.empty() || absl::StartsWith(line, "#")) continue;
    for (const std::string& answer : transcript.Do(std::string(line)))
      absl::StrAppend(&now, "  ", answer, "\n");
  }
  if (std::getenv("DROVER_UPDATE") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(path, now).ok());
  } else {
    EXPECT_EQ(now, *written);
  }
}

std::vector<std::string> Transcripts() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, error)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Transcripts, DeskTest, ::testing::ValuesIn(Transcripts()), [](const auto& info) {
  std::string name = info.param.substr(0, info.param.find('.'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// Without the files there is no test of this name, and nobody would miss it.
TEST(DeskTranscripts, AreThere) { EXPECT_GE(Transcripts().size(), 6u); }

}  // namespace
}  // namespace drover::experience
