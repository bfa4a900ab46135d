#include "libagent/adapters/curl_web_client.hpp"

#include "libagent/adapters/curl_inbox.hpp"
#include "libagent/adapters/curl_parts.hpp"
#include "libagent/adapters/curl_sockets.hpp"
#include "libagent/adapters/web_transfer.hpp"
#include "libagent/base/contract.hpp"

#include <csignal>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace libagent {

namespace {

constexpr std::size_t spare_handles_max = 256;
// Of sockets; by then thousands had their turn.
constexpr std::size_t full_batches_max = 64;

/// OpenSSL writes to sockets that may be closed already; curl answers for its own writes only.
void block_broken_pipe_signal() {
  sigset_t broken_pipe{};
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

}  // namespace

/// The thread and all that lives on it.
class curl_web_client::loop_thread {
public:
  explicit loop_thread(curl_web_client_options options);
  loop_thread(const loop_thread&) = delete;
  loop_thread& operator=(const loop_thread&) = delete;
  ~loop_thread() = default;

  /// Begins the thread, which keeps `self` until it has ended.
  static void begin_thread(const std::shared_ptr<loop_thread>& self);
  void end_thread();

  void start(web_call call) { inbox_->start(std::move(call)); }

private:
  void run();
  void end_all();
  /// False: everything is to end.
  bool carry_out_orders();
  void begin(web_call call);
  void resume(web_transfer& transfer);
  void finish(web_transfer& transfer, expected<void> result);
  void collect_finished();
  void end_overdue();
  void look_at_in_time(web_transfer& transfer);
  void forget_time_of(web_transfer& transfer);
  [[nodiscard]] curl_easy take_easy();
  [[nodiscard]] web_transfer* find(std::uint64_t number) const;

  curl_web_client_options options_;
  std::shared_ptr<curl_inbox> inbox_ = std::make_shared<curl_inbox>();
  curl_share share_{curl_share_init()};
  std::vector<curl_easy> spare_;
  curl_sockets sockets_;
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<web_transfer>> transfers_;
  /// An entry may be early, as those that move with each piece are put right when they come up.
  std::set<std::pair<time_point, web_transfer*>> times_;
  std::thread thread_;
};

curl_web_client::loop_thread::loop_thread(curl_web_client_options options)
    : options_{std::move(options)}, sockets_{inbox_->descriptor(), options_.idle_connections_max} {
  LIBAGENT_EXPECTS(share_ != nullptr);
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

void curl_web_client::loop_thread::begin_thread(const std::shared_ptr<loop_thread>& self) {
  self->thread_ = std::thread{[self] { self->run(); }};
}

void curl_web_client::loop_thread::end_thread() {
  inbox_->close();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void curl_web_client::loop_thread::run() {
  block_broken_pipe_signal();
  if (options_.on_thread_start)
    options_.on_thread_start();
  bool goes_on = true;
  std::size_t full_batches = 0;
  while (goes_on) {
    sockets_.wait(times_.empty() ? time_point::max() : times_.begin()->first);
    // Orders first, whatever woke the thread: a call that is to end should not be passed any more
    // of its answer, and not wait behind the streams of all others either.
    goes_on = carry_out_orders();
    sockets_.work();
    collect_finished();
    // Not before all that is ready was looked at: an answer may be there that only this thread is
    // late for. Nor never, when there is always more.
    full_batches = sockets_.has_more() ? full_batches + 1 : 0;
    if (full_batches % full_batches_max == 0)
      end_overdue();
  }
  end_all();
}

void curl_web_client::loop_thread::end_all() {
  while (!transfers_.empty()) {
    auto& transfer = *transfers_.begin()->second;
    finish(transfer, transfer.cancelled_error());
  }
  // What the callbacks above have begun.
  for (auto late = inbox_->take().calls; !late.empty(); late = inbox_->take().calls) {
    for (const auto& call : late)
      call.on_end(error{errc::cancelled, "send: the client is being ended"});
  }
}

bool curl_web_client::loop_thread::carry_out_orders() {
  auto orders = inbox_->take();
  for (const auto number : orders.stopped) {
    if (auto* transfer = find(number))
      finish(*transfer, transfer->cancelled_error());
  }
  for (const auto number : orders.resumed) {
    if (auto* transfer = find(number))
      resume(*transfer);
  }
  for (auto& call : orders.calls)
    begin(std::move(call));
  return !orders.is_closed;
}

void curl_web_client::loop_thread::begin(web_call call) {
  auto made = std::make_unique<web_transfer>(
      ++last_number_, std::move(call), [this](web_transfer& moved) { look_at_in_time(moved); });
  auto& transfer = *made;
  auto prepared = transfer.prepare(take_easy(), options_, inbox_);
  if (prepared && transfers_.size() >= options_.calls_max) {
    prepared = error{errc::overloaded,
                     "send: already " + std::to_string(options_.calls_max) + " calls under way"};
  }
  transfers_.emplace(last_number_, std::move(made));
  if (!prepared)
    return finish(transfer, prepared);
  look_at_in_time(transfer);
  curl_multi_add_handle(sockets_.multi(), transfer.easy());
}

curl_easy curl_web_client::loop_thread::take_easy() {
  curl_easy easy;
  if (spare_.empty()) {
    easy.reset(curl_easy_init());
    LIBAGENT_EXPECTS(easy != nullptr);
    curl_easy_setopt(easy.get(), CURLOPT_SHARE, share_.get());
  } else {
    easy = std::move(spare_.back());
    spare_.pop_back();
  }
  return easy;
}

void curl_web_client::loop_thread::resume(web_transfer& transfer) {
  if (!transfer.resume())
    finish(transfer, transfer.outcome(CURLE_WRITE_ERROR));
}

void curl_web_client::loop_thread::finish(web_transfer& transfer, expected<void> result) {
  curl_multi_remove_handle(sockets_.multi(), transfer.easy());  // Closes what is not at its end.
  forget_time_of(transfer);
  auto easy = transfer.release_easy();
  if (spare_.size() < spare_handles_max) {
    curl_easy_reset(easy.get());  // Keeps the share.
    spare_.push_back(std::move(easy));
  }
  const auto owner = transfers_.extract(transfer.number());
  transfer.end(std::move(result));
}

void curl_web_client::loop_thread::collect_finished() {
  int left = 0;
  while (const auto* message = curl_multi_info_read(sockets_.multi(), &left)) {
    const auto result = message->data.result;
    void* user = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    auto& transfer = *static_cast<web_transfer*>(user);
    finish(transfer, transfer.outcome(result));
  }
}

void curl_web_client::loop_thread::end_overdue() {
  while (!times_.empty() && times_.begin()->first <= std::chrono::steady_clock::now()) {
    auto& transfer = *times_.begin()->second;
    forget_time_of(transfer);
    if (transfer.due() <= std::chrono::steady_clock::now()) {
      finish(transfer, transfer.timeout_error());
    } else {
      look_at_in_time(transfer);
    }
  }
}

void curl_web_client::loop_thread::look_at_in_time(web_transfer& transfer) {
  const auto due = transfer.due();
  if (due == time_point::max() || (transfer.looked_at && *transfer.looked_at <= due))
    return;
  forget_time_of(transfer);
  transfer.looked_at = due;
  times_.emplace(due, &transfer);
}

void curl_web_client::loop_thread::forget_time_of(web_transfer& transfer) {
  if (transfer.looked_at)
    times_.erase({*transfer.looked_at, &transfer});
  transfer.looked_at.reset();
}

web_transfer* curl_web_client::loop_thread::find(std::uint64_t number) const {
  const auto found = transfers_.find(number);
  return found == transfers_.end() ? nullptr : found->second.get();
}

curl_web_client::curl_web_client(curl_web_client_options options) {
  prepare_curl();
  loop_ = std::make_shared<loop_thread>(std::move(options));
  loop_thread::begin_thread(loop_);
}

curl_web_client::~curl_web_client() {
  loop_->end_thread();
}

void curl_web_client::start(web_call call) {
  LIBAGENT_EXPECTS(call.on_body != nullptr && call.on_end != nullptr);
  loop_->start(std::move(call));
}

}  // namespace libagent
