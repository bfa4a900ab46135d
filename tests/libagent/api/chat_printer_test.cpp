#include "libagent/api/chat_printer.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

tool_call sum_call() {
  return {.id = "c1", .name = "calculate", .arguments = R"({"expression":"2+2"})"};
}

}  // namespace

TEST_CASE("a chat prints an answer as it comes, and its citations at the end", "[api]") {
  chat_printer printer{{}};
  CHECK(printer.on_update(turn_text{"It holds "}) == "It holds ");
  CHECK(printer.on_update(turn_text{"passages. [1]"}) == "passages. [1]");
  turn_result result{.text = "It holds passages. [1]"};
  result.citations = {{.file = "cache.md", .line_first = 3, .line_last = 5, .quote = "q"}};
  CHECK(printer.on_end(result) == "\n\n[1] cache.md:3-5\n");
}

TEST_CASE("a chat prints an answer that was not streamed, and never one twice", "[api]") {
  chat_printer printer{{}};
  CHECK(printer.on_end({.text = "Four."}) == "Four.\n");
  (void)printer.on_update(turn_text{"Five."});
  CHECK(printer.on_end({.text = "Five."}) == "\n");
}

TEST_CASE("a chat prints what it had not seen of an answer, or all when it began too late",
          "[api]") {
  chat_printer printer{{}};
  (void)printer.on_update(turn_text{"One. "});
  CHECK(printer.on_end({.text = "One. Two."}) == "Two.\n");
  (void)printer.on_update(turn_text{"Two."});
  CHECK(printer.on_end({.text = "One. Two."}) == "\nOne. Two.\n");
  (void)printer.on_update(turn_text{"A secret"});
  CHECK(printer.on_end({.text = "I can't help with that."}) == "\nI can't help with that.\n");
}

TEST_CASE("a chat shows each tool call and each result in one line", "[api]") {
  chat_printer printer{{}};
  (void)printer.on_update(turn_text{"Let me see."});
  CHECK(printer.on_update(turn_step_ended{1}) == "\n");
  CHECK(printer.on_update(turn_tool_began{sum_call()}) ==
        "  -> calculate {\"expression\":\"2+2\"}\n");
  CHECK(printer.on_update(turn_tool_ended{
            .call = sum_call(), .succeeded = true, .output = "{\"value\":\n4}", .took = 3ms}) ==
        "  <- calculate: {\"value\": 4} (3ms)\n");
  CHECK(printer.on_update(turn_tool_ended{
            .call = sum_call(), .succeeded = false, .output = "no such thing", .took = 2s}) ==
        "  <- calculate failed: no such thing (2s)\n");
  // What was said before the tools was not the answer, so this is still to be printed.
  CHECK(printer.on_end({.text = "Four."}) == "Four.\n");
}

TEST_CASE("a chat cuts a line about a tool to the columns, the time stays", "[api]") {
  chat_printer printer{{.columns = 40}};
  const auto line = printer.on_update(
      turn_tool_ended{.call = sum_call(), .output = std::string(1'000, 'x'), .took = 12ms});
  CHECK(line.size() == 40 + 1);
  CHECK(line.ends_with("... (12ms)\n"));
}

TEST_CASE("a chat neither wraps nor cuts an answer", "[api]") {
  chat_printer printer{{.columns = 10}};
  const std::string text(5'000, 'y');
  CHECK(printer.on_update(turn_text{text}) == text);
}

TEST_CASE("nothing that a model or a tool says can play with the terminal", "[api]") {
  chat_printer printer{{}};
  CHECK(printer.on_update(turn_text{"a\x1b[2Jb\r\a\tc\n"}) == "a[2Jb\tc\n");
  CHECK(printable_text("\xC2\x9B"
                       "31m") == "31m");
  CHECK(printable_text("abc\xE2\x80\xAE"
                       "def") == "abcdef");
  CHECK(printable_text("\xFF!") == "\xEF\xBF\xBD!");
  const auto line = printer.on_update(turn_tool_ended{.call = sum_call(), .output = "\x1b]0;x\a"});
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(printer.on_refused({errc::internal, "\x1b[31m"}).find('\x1b') == std::string::npos);
}

TEST_CASE("colour in a chat only adds escapes around the same words", "[api]") {
  chat_printer plain{{}};
  chat_printer colored{{.style = {.color = true}}};
  const auto without = plain.on_update(turn_tool_began{sum_call()});
  auto with = colored.on_update(turn_tool_began{sum_call()});
  CHECK(with == "\x1b[2m" + without.substr(0, without.size() - 1) + "\x1b[0m\n");
  CHECK(colored.on_update(turn_text{"said"}) == "said");
}

TEST_CASE("a chat says once that a model thinks, and what only when asked", "[api]") {
  chat_printer brief{{}};
  CHECK(brief.on_update(turn_reasoning{"Hm."}) == "  (thinking)\n");
  CHECK(brief.on_update(turn_reasoning{" So."}).empty());
  CHECK(brief.on_update(turn_text{"Yes."}) == "Yes.");
  chat_printer verbose{{.verbose = true}};
  CHECK(verbose.on_update(turn_reasoning{"Hm."}) == "Hm.");
  CHECK(verbose.on_update(turn_reasoning{" So."}) == " So.");
  CHECK(verbose.on_update(turn_text{"Yes."}) == "\nYes.");
}

TEST_CASE("a chat says how a turn ended that did not end well", "[api]") {
  chat_printer printer{{}};
  (void)printer.on_update(turn_text{"Half a"});
  turn_result cancelled{.state = turn_state::cancelled, .text = "Half a"};
  CHECK(printer.on_end(cancelled) == "\n  (cancelled)\n");
  turn_result failed{.state = turn_state::failed};
  failed.failure = error{errc::unavailable, "call local: no connection"};
  CHECK(printer.on_end(failed) == "! unavailable: call local: no connection\n");
  const auto cut = printer.on_end({.text = "a", .finish = finish_reason::length});
  CHECK(cut.find("cut off") != std::string::npos);
}

TEST_CASE("a chat shows what waits for a person", "[api]") {
  chat_printer printer{{}};
  turn_result waiting{.state = turn_state::needs_approval};
  waiting.approvals = {{.id = "a1", .call = sum_call()}};
  CHECK(printer.on_end(waiting) == "  ?? calculate {\"expression\":\"2+2\"}\n");
}

TEST_CASE("a chat shows hand-overs, and on request what a turn took", "[api]") {
  chat_printer printer{{.verbose = true}};
  CHECK(printer.on_update(turn_handed_over{"lawyer"}) == "  => lawyer goes on\n");
  turn_result result{.text = "Yes.", .model = "qwen"};
  result.usage = {.prompt = 120, .completion = 1, .cached = 100, .estimated = true};
  result.steps = 2;
  result.cost_micro = 1'500;
  CHECK(printer.on_end(result) ==
        "Yes.\n  qwen, 2 steps, 120 + 1 token (estimated), 100 of them cached, cost 0.0015\n");
}

TEST_CASE("one line is cut between characters and says that it was", "[api]") {
  CHECK(one_line("  a \n\t b  ", 10) == "a b");
  CHECK(one_line("1234567890", 10) == "1234567890");
  CHECK(one_line("12345678901", 10) == "1234567...");
  // Chinese characters take two columns each.
  CHECK(one_line("\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87", 8) ==
        "\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87");
  CHECK(one_line("\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87", 7) ==
        "\xE4\xB8\xAD\xE6\x96\x87...");
  CHECK(one_line(std::string(1'000, ' ') + "x", 10).size() <= 10);
  CHECK(one_line("", 10).empty());
}
