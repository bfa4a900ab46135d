// Code that asks a model, and its tests: with a script, with time that passes on command, and with
// a recording. No model server is needed, no network and no sleep.
#include "libagent/testing/manual_clock.hpp"
#include "libagent/testing/recording_model.hpp"
#include "libagent/testing/replaying_model.hpp"
#include "libagent/testing/scripted_model.hpp"

#include <iostream>
#include <optional>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

// What is to be tested: asks for a summary of one line, and once more when it got several.
// [docs: under test]
void summarise(const chat_model_ptr& model, chat_request request, time_point deadline,
               const std::function<void(expected<std::string>)>& on_summary, bool again = true) {
  model->start(chat_call{.request = std::make_shared<chat_request>(request),
                         .deadline = deadline,
                         .on_end = [=](chat_end end) mutable {
                           if (!end.reply)
                             return on_summary(end.reply.error());
                           if (!again || end.reply->message.content.find('\n') == std::string::npos)
                             return on_summary(end.reply->message.content);
                           request.messages.push_back(end.reply->message);
                           request.messages.push_back(
                               {.role = chat_role::user, .content = "In one line, please."});
                           summarise(model, request, deadline, on_summary, false);
                         }});
}

// [/docs]

int failures = 0;

void check(bool holds, const std::string& promise) {
  std::cout << (holds ? "holds: " : "BROKEN: ") << promise << "\n";
  failures += holds ? 0 : 1;
}

chat_request request_for(const std::string& text) {
  return {.model = "small",
          .messages = {{.role = chat_role::system, .content = "Summarise in one line."},
                       {.role = chat_role::user, .content = text}}};
}

void test_with_a_script() {
  // [docs: script]
  const auto model = std::make_shared<scripted_model>(
      std::vector{says("It rains.\nA lot.").when(last_user_says("weather")),
                  says("It rains a lot.").when(last_user_says("In one line"))});
  std::optional<expected<std::string>> summary;
  summarise(model, request_for("the weather report"), time_point::max(),
            [&](expected<std::string> text) { summary = std::move(text); });
  check(summary && summary->value_or("") == "It rains a lot.", "several lines are asked about");
  check(model->requests().size() == 2, "and only once");
  check(model->surprises().empty() && model->left_over().empty(), "nothing else was asked");
  // [/docs]
}

void test_with_a_clock() {
  // [docs: clock]
  const auto clock = std::make_shared<manual_clock>();
  const auto model =
      std::make_shared<scripted_model>(std::vector{says("Too late.").after(31s)}, clock);
  std::optional<expected<std::string>> summary;
  summarise(model, request_for("a book"), clock->now() + 30s,
            [&](expected<std::string> text) { summary = std::move(text); });
  clock->advance(29s);
  check(!summary, "there is no answer before the deadline");
  clock->advance(1s);
  check(summary && !*summary && summary->error().code == errc::deadline_exceeded,
        "a slow model is not waited for past the deadline");
  // [/docs]
}

void test_with_a_cassette(const chat_model_ptr& real_model) {
  const auto ignore = [](const expected<std::string>&) {};
  // [docs: cassette]
  std::string cassette;  // In a test of yours a file: recording_model::to_file(model, path).
  const auto recorder = std::make_shared<recording_model>(
      real_model, [&](std::string_view line) { cassette += line; });
  summarise(recorder, request_for("a play"), time_point::max(), ignore);

  const auto replay = replaying_model::of(cassette, "play.jsonl").value();
  std::optional<expected<std::string>> summary;
  const auto keep = [&](expected<std::string> text) { summary = std::move(text); };
  summarise(replay, request_for("a play"), time_point::max(), keep);
  check(summary && summary->value_or("") == "They all die.",
        "a recording answers as the model did");
  summarise(replay, request_for("a plan"), time_point::max(), keep);
  check(summary && !*summary, "and says so when it is asked for something else:");
  std::cout << "  " << summary->error().context << "\n";
  // [/docs]
}

}  // namespace

int main() {
  test_with_a_script();
  test_with_a_clock();
  test_with_a_cassette(std::make_shared<scripted_model>(std::vector{says("They all die.")}));
  return failures == 0 ? 0 : 1;
}
