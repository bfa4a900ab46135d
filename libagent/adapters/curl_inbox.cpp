#include "libagent/adapters/curl_inbox.hpp"

#include "libagent/base/contract.hpp"

#include <sys/eventfd.h>
#include <utility>

namespace libagent {

curl_inbox::curl_inbox() : wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  LIBAGENT_EXPECTS(wake_.is_open());
}

template <class Change>
void curl_inbox::order(const Change& change) {
  const std::lock_guard guard{mutex_};
  change(waiting_);
  if (!std::exchange(is_woken_, true))
    (void)::eventfd_write(wake_.get(), 1);
}

void curl_inbox::start(web_call call) {
  order([&](orders& waiting) { waiting.calls.push_back(std::move(call)); });
}

void curl_inbox::stop(std::uint64_t call) {
  order([&](orders& waiting) { waiting.stopped.push_back(call); });
}

void curl_inbox::resume(std::uint64_t call) {
  order([&](orders& waiting) { waiting.resumed.push_back(call); });
}

void curl_inbox::close() {
  order([](orders& waiting) { waiting.is_closed = true; });
}

curl_inbox::orders curl_inbox::take() {
  const std::lock_guard guard{mutex_};
  if (!std::exchange(is_woken_, false))
    return {};
  eventfd_t count = 0;
  (void)::eventfd_read(wake_.get(), &count);
  return std::exchange(waiting_, {});
}

}  // namespace libagent
