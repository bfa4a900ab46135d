#include "libagent/testing/replaying_model.hpp"

#include "libagent/testing/recording_model.hpp"
#include "libagent/testing/scripted_model.hpp"

#include "tests/support/chat_calls.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

chat_call call_of(std::string text) {
  return {.request = std::make_shared<chat_request>(asking(std::move(text)))};
}

/// What a recording of these calls looks like.
std::string recording_of(std::vector<scripted_reply> script,
                         const std::vector<std::string>& questions) {
  std::string lines;
  recording_model model{std::make_shared<scripted_model>(std::move(script)),
                        [&](std::string_view line) { lines += line; }};
  for (const auto& question : questions)
    (void)chat_answer::of(model, call_of(question))->end();
  return lines;
}

std::shared_ptr<replaying_model> replay_of(const std::string& lines) {
  auto made = replaying_model::of(lines, "c.jsonl");
  REQUIRE(made);
  return *made;
}

}  // namespace

TEST_CASE("a recorded call is replayed with its pieces, its reply and its usage", "[testing]") {
  const auto script = [] {
    return std::vector{says("Hello there")
                           .with_reasoning("a greeting")
                           .and_calls("add", R"({"a":1})")
                           .with_usage({.prompt = 3, .completion = 4})
                           .in_pieces_of(5)};
  };
  scripted_model original{script()};
  const auto before = chat_answer::of(original, call_of("hi"));
  const auto model = replay_of(recording_of(script(), {"hi"}));
  const auto after = chat_answer::of(*model, call_of("hi"));
  REQUIRE(after->end().reply);
  CHECK(*after->end().reply == *before->end().reply);
  CHECK(after->deltas() == before->deltas());
  CHECK(model->left() == 0);
}

TEST_CASE("failures are recorded as well, with what came before them", "[testing]") {
  const auto model = replay_of(
      recording_of({says("abcdefgh").in_pieces_of(4).cut_after(1, {errc::unavailable, "cut", 2s}),
                    fails({errc::context_too_long, "too long"})},
                   {"a", "b"}));
  const auto cut = chat_answer::of(*model, call_of("a"))->end();
  REQUIRE_FALSE(cut.reply);
  CHECK(cut.reply.error() == error{errc::unavailable, "cut", 2s});
  CHECK(cut.began);
  CHECK(cut.so_far.content == "abcd");
  CHECK(chat_answer::of(*model, call_of("b"))->end().reply.error().code == errc::context_too_long);
}

TEST_CASE("the same request asked twice gets its answers in order", "[testing]") {
  const auto model = replay_of(recording_of({says("1"), says("2")}, {"q", "q"}));
  CHECK(chat_answer::of(*model, call_of("q"))->end().reply->message.content == "1");
  CHECK(chat_answer::of(*model, call_of("q"))->end().reply->message.content == "2");
  const auto third = chat_answer::of(*model, call_of("q"))->end();
  REQUIRE_FALSE(third.reply);
  CHECK(third.reply.error().code == errc::not_found);
  CHECK_THAT(third.reply.error().context, Catch::Contains("more often than it was recorded"));
}

TEST_CASE("a request that was not recorded is shown beside the nearest that was", "[testing]") {
  const auto model = replay_of(
      recording_of({says("1"), says("2")}, {"what is a monad?", "where is the station?"}));
  const auto end = chat_answer::of(*model, call_of("where is the airport?"))->end();
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::not_found);
  CHECK_THAT(end.reply.error().context, Catch::Contains("line 2") && Catch::Contains("station?") &&
                                            Catch::Contains("airport?") &&
                                            !Catch::Contains("monad"));
  CHECK(model->left() == 2);
}

TEST_CASE("a cassette has no user's name in it, and no cancelled call", "[testing]") {
  std::string lines;
  recording_model model{std::make_shared<scripted_model>(std::vector{says("x"), hangs()}),
                        [&](std::string_view line) { lines += line; }};
  auto request = asking("hi");
  request.user = "jane@example.org";
  (void)chat_answer::of(model, {.request = std::make_shared<chat_request>(request)})->end();
  std::stop_source stop;
  const auto cancelled = chat_answer::of(model, {.stop = stop.get_token()});
  stop.request_stop();
  CHECK(cancelled->end().reply.error().code == errc::cancelled);
  CHECK_THAT(lines, !Catch::Contains("jane"));
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 1);

  request.user = "john@example.org";
  CHECK(chat_answer::of(*replay_of(lines), {.request = std::make_shared<chat_request>(request)})
            ->end()
            .reply);
}

TEST_CASE("a cassette goes through a file", "[testing]") {
  const temporary_folder folder;
  const auto path = (folder.path() / "c.jsonl").string();
  {
    const auto model = recording_model::to_file(
        std::make_shared<scripted_model>(std::vector{says("from the file")}), path);
    REQUIRE(model);
    CHECK(chat_answer::of(**model)->end().reply);
  }
  const auto model = replaying_model::from_file(path);
  REQUIRE(model);
  CHECK(chat_answer::of(**model)->end().reply->message.content == "from the file");
  CHECK_FALSE(replaying_model::from_file(path + ".not"));
  CHECK_FALSE(
      recording_model::to_file(std::make_shared<scripted_model>(std::vector<scripted_reply>{}),
                               (folder.path() / "no" / "c.jsonl").string()));
}

TEST_CASE("a cassette that is damaged names its line", "[testing]") {
  const auto good = recording_of({says("1")}, {"q"});
  for (const std::string bad :
       {"{", "{}", R"({"version":2,"request":{}})", R"({"version":1,"request":{"a":1}})"}) {
    CAPTURE(bad);
    const auto made = replaying_model::of(good + bad + "\n", "c.jsonl");
    REQUIRE_FALSE(made);
    CHECK(made.error().code == errc::corrupt);
    CHECK_THAT(made.error().context, Catch::Contains("c.jsonl, line 2"));
  }
}
