#include "apps/lab/faults/client_ledger.hpp"
#include "apps/lab/faults/model_under_fault.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>

using namespace libagent;

namespace {

/// A ledger in a file that goes with it, with one op in it.
class ledger_with_one_op {
public:
  explicit ledger_with_one_op(bool damage = false, const std::string& key = "") {
    auto opened = lab::client_ledger::open(file(), [damage] { return damage; });
    REQUIRE(opened);
    ledger = *std::move(opened);
    number = ledger->add({.tool = "append", .label = "op-", .arguments = "{}", .key = key});
  }

  ledger_with_one_op(const ledger_with_one_op&) = delete;
  ledger_with_one_op& operator=(const ledger_with_one_op&) = delete;

  ~ledger_with_one_op() { std::filesystem::remove(file()); }

  static std::filesystem::path file() {
    return std::filesystem::temp_directory_path() /
           ("faults-ledger-test-" + std::to_string(::getpid()));
  }

  void hear(const std::string& id, const std::string& state, const std::string& label = "op-0",
            int attempt = 1) const {
    nlohmann::json record{{"id", id}, {"target", "append"}, {"state", state}, {"attempt", attempt}};
    if (state == "succeeded")
      record["result"] = {{"label", label}};
    ledger->take_answer(number, {.status = 200, .body = record});
  }

  void hear_error(int status, const std::string& code) const {
    ledger->take_answer(number, {.status = status, .body = {{"error", {{"code", code}}}}});
  }

  [[nodiscard]] lab::client_op op() const { return ledger->ops().at(number); }

  std::unique_ptr<lab::client_ledger> ledger;
  std::size_t number = 0;
};

}  // namespace

TEST_CASE("a task that goes on to its end is no problem") {
  const ledger_with_one_op book;
  book.hear("a", "queued", "", 0);
  book.hear("a", "running");
  book.hear("a", "succeeded");
  book.hear("a", "succeeded");
  CHECK(book.ledger->problems().empty());
  CHECK(book.op().end->state == "succeeded");
}

TEST_CASE("an end that changes is a problem") {
  const ledger_with_one_op book;
  book.hear("a", "succeeded");
  SECTION("to another end") {
    book.hear("a", "dead");
  }
  SECTION("to none") {
    book.hear("a", "running");
  }
  CHECK(book.ledger->problems().size() == 1);
}

TEST_CASE("attempts that grow fewer are a problem") {
  const ledger_with_one_op book;
  book.hear("a", "running", "", 2);
  book.hear("a", "running", "", 1);
  CHECK(book.ledger->problems().size() == 1);
}

TEST_CASE("another task under the same key is a problem") {
  const ledger_with_one_op book{false, "key"};
  book.hear("a", "queued");
  book.hear("b", "queued");
  CHECK(book.ledger->problems().size() == 1);
}

TEST_CASE("the result of another task is a problem") {
  const ledger_with_one_op book;
  book.hear("a", "succeeded", "op-7");
  CHECK(book.ledger->problems().size() == 1);
}

TEST_CASE("a damage that was reported explains an earlier state") {
  const ledger_with_one_op book{true};
  book.hear("a", "succeeded");
  book.hear("a", "queued", "", 0);
  CHECK(book.ledger->problems().empty());
  CHECK(book.op().is_set_back);
  CHECK_FALSE(book.op().end.has_value());
}

TEST_CASE("only an answer that knows it makes a submit refused") {
  const ledger_with_one_op book;
  book.hear_error(503, "unavailable");
  CHECK(book.op().outcome == lab::submit_outcome::unknown);
  book.hear_error(429, "rate_limited");
  CHECK(book.op().outcome == lab::submit_outcome::refused);
}

TEST_CASE("each line is in the file before the call returns") {
  const ledger_with_one_op book;
  book.hear("a", "succeeded");
  std::ifstream in{ledger_with_one_op::file()};
  std::string line;
  std::size_t lines = 0;
  while (std::getline(in, line))
    ++lines;
  CHECK(lines == 3);  // sends, acknowledged, ended
}

TEST_CASE("an agent's answer has to be about what it was asked") {
  const auto problems_with = [](const nlohmann::json& result) {
    const ledger_with_one_op book;
    book.ledger->change(book.number, [](lab::client_op& op) { op.tool = lab::errand_target; });
    book.ledger->take_answer(book.number, {.status = 200,
                                           .body = {{"id", "a"},
                                                    {"target", lab::errand_target},
                                                    {"state", "succeeded"},
                                                    {"attempt", 1},
                                                    {"result", result}}});
    return book.ledger->problems().size();
  };
  CHECK(problems_with({{"text", "op-0.agent It is mild"}}) == 0);
  CHECK(problems_with({{"text", "op-01.agent It is mild"}}) == 1);
  CHECK(problems_with({{"text", ""}}) == 1);
  CHECK(problems_with({{"found", true}}) == 1);
}
