#include "apps/lab/request_front.hpp"

#include <utility>

namespace libagent::lab {

pending_request::pending_request(std::shared_ptr<front_ledger> ledger, told tell)
    : ledger_{std::move(ledger)}, tell_{std::move(tell)} {
  ++ledger_->submitted;
}

pending_request::~pending_request() {
  if (is_answered_.load())
    return;
  tell_({.fate = request_fate::lost});
  ++ledger_->lost;
}

void pending_request::answer(const request_answer& what) {
  if (is_answered_.exchange(true)) {
    ++ledger_->answered_again;
    return;
  }
  // Counted last: who sees all answered may tear down what is told.
  std::exchange(tell_, nullptr)(what);
  ++ledger_->answered;
}

void request_front::submit(const std::string& client, pending_request::told tell) {
  start(client, std::make_shared<pending_request>(ledger_, std::move(tell)));
}

}  // namespace libagent::lab
