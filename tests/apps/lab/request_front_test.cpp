#include "apps/lab/request_front.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace libagent::lab;

namespace {

/// Keeps what is asked, for the test to answer.
class kept_requests final : public request_front {
public:
  std::vector<pending_request_ptr> kept;

private:
  void start(const std::string&, pending_request_ptr request) override {
    kept.push_back(std::move(request));
  }
};

}  // namespace

TEST_CASE("a request is told its first answer, and the ledger counts every further one", "[lab]") {
  kept_requests front;
  std::vector<request_fate> told;
  front.submit("a", [&told](const request_answer& answer) { told.push_back(answer.fate); });
  CHECK(front.ledger().submitted == 1);
  CHECK(front.ledger().answered == 0);
  front.kept[0]->answer({.fate = request_fate::refused});
  front.kept[0]->answer({.fate = request_fate::succeeded});
  front.kept.clear();
  CHECK(told == std::vector{request_fate::refused});
  CHECK(front.ledger().answered == 1);
  CHECK(front.ledger().answered_again == 1);
  CHECK(front.ledger().lost == 0);
}

TEST_CASE("a request that is forgotten is counted as lost, and is told so", "[lab]") {
  kept_requests front;
  std::vector<request_fate> told;
  front.submit("a", [&told](const request_answer& answer) { told.push_back(answer.fate); });
  front.kept.clear();
  CHECK(told == std::vector{request_fate::lost});
  CHECK(front.ledger().answered == 0);
  CHECK(front.ledger().lost == 1);
}
