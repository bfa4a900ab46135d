#include "libagent/knowledge/summary.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

namespace {

const std::string lighthouse_text =
    "The lighthouse of Harrow Point guides ships into the harbour.\n"
    "It was built of granite by Miriam Aldous in four years.\n\n"
    "The lighthouse flashes twice every fifteen seconds for ships.\n"
    "Gulls nest on the rocks below in early summer.\n"
    "Ships know the harbour by the lighthouse and its flashes.\n"
    "The lighthouse guides ships into the harbour of Harrow Point.\n";

expected<text_summary> summarize(const std::string& text, const summary_options& options = {}) {
  return summarize_text(text, text_kind::plain, options, {}, [](double) {});
}

}  // namespace

TEST_CASE("a summary holds the sentences about what the text is about, in order", "[knowledge]") {
  const auto summary = summarize(lighthouse_text, {.sentences_max = 2});
  REQUIRE(summary);
  REQUIRE(summary->sentences.size() == 2);
  CHECK(summary->sentences_read == 6);
  CHECK(summary->sentences[0].line_first == 1);
  CHECK(summary->sentences[0].line_first < summary->sentences[1].line_first);
  for (const auto& chosen : summary->sentences)
    CHECK(chosen.text.find("Gulls") == std::string::npos);
}

TEST_CASE("a sentence that repeats a chosen one is passed over", "[knowledge]") {
  const auto summary = summarize(lighthouse_text, {.sentences_max = 3});
  REQUIRE(summary);
  for (const auto& chosen : summary->sentences)
    CHECK(chosen.line_first != 7);
}

TEST_CASE("Chinese is summarized too", "[knowledge]") {
  const auto summary = summarize(
      "内存监视器每100毫秒采样一次内存。它把内存压力的等级通知缓存。窗外正在下雨。"
      "缓存在内存压力下缩小。",
      {.sentences_max = 2});
  REQUIRE(summary);
  REQUIRE(summary->sentences.size() == 2);
  for (const auto& chosen : summary->sentences)
    CHECK(chosen.text.find("内存") != std::string::npos);
}

TEST_CASE("a text shorter than the summary comes back whole", "[knowledge]") {
  CHECK(summarize("Just a single sentence stands here.")->sentences.size() == 1);
  CHECK(summarize("Short.")->sentences.at(0).text == "Short.");
}

TEST_CASE("a text without sentences, and one past the limit, are refused", "[knowledge]") {
  CHECK(summarize("").error().code == errc::invalid_argument);
  CHECK(summarize("-----\n").error().code == errc::invalid_argument);
  const std::string text(20, 'a');
  CHECK(summarize(text, {.text_bytes_max = 20}));
  CHECK(summarize(text, {.text_bytes_max = 19}).error().code == errc::too_large);
}

TEST_CASE("a summary reports progress up to the whole and can be cancelled", "[knowledge]") {
  double last = 0;
  auto monotonic = true;
  std::string text;
  for (auto i = 0; i < 3'000; ++i)
    text += "Sentence number " + std::to_string(i) + " speaks of ships and harbours.\n\n";
  REQUIRE(summarize_text(text, text_kind::plain, {}, {}, [&](double fraction) {
    monotonic = monotonic && fraction >= last;
    last = fraction;
  }));
  CHECK(monotonic);
  CHECK(last == 1.0);
  std::stop_source stop;
  const auto cancelled =
      summarize_text(text, text_kind::plain, {}, stop.get_token(), [&stop](double fraction) {
        if (fraction > 0.2)
          stop.request_stop();
      });
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == errc::cancelled);
}
