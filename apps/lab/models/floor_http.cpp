#include "apps/lab/models/floor_http.hpp"

#include <curl/curl.h>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

std::size_t keep_bytes(const char* bytes, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(bytes, size * count);
  return size * count;
}

}  // namespace

class floor_http::loop {
public:
  loop(std::uint16_t port, std::size_t connections)
      : url_{"http://127.0.0.1:" + std::to_string(port) + "/v1/chat/completions"} {
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Expect:");
    (void)curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections + 4));
    thread_ = std::thread{[this] { run(); }};
  }

  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  ~loop() {
    {
      const std::lock_guard guard{lock_};
      ended_ = true;
    }
    (void)curl_multi_wakeup(multi_);
    thread_.join();
    for (const auto& each : all_) {
      (void)curl_multi_remove_handle(multi_, each->handle);
      curl_easy_cleanup(each->handle);
    }
    (void)curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
  }

  void post(std::string body, on_reply done) {
    {
      const std::lock_guard guard{lock_};
      waiting_.emplace_back(std::move(body), std::move(done));
    }
    (void)curl_multi_wakeup(multi_);
  }

private:
  struct transfer {
    CURL* handle = nullptr;
    std::string body;
    std::string reply;
    on_reply done;
  };

  void run() {
    while (take_orders()) {
      int running = 0;
      (void)curl_multi_perform(multi_, &running);
      finish_ended();
      (void)curl_multi_poll(multi_, nullptr, 0, 1'000, nullptr);
    }
  }

  bool take_orders() {
    std::vector<std::pair<std::string, on_reply>> taken;
    {
      const std::lock_guard guard{lock_};
      if (ended_)
        return false;
      taken.swap(waiting_);
    }
    for (auto& [body, done] : taken)
      begin(std::move(body), std::move(done));
    return true;
  }

  transfer& free_one() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<transfer>());
      auto& made = *all_.back();
      made.handle = curl_easy_init();
      (void)curl_easy_setopt(made.handle, CURLOPT_URL, url_.c_str());
      (void)curl_easy_setopt(made.handle, CURLOPT_HTTPHEADER, headers_);
      (void)curl_easy_setopt(made.handle, CURLOPT_NOSIGNAL, 1L);
      (void)curl_easy_setopt(made.handle, CURLOPT_WRITEFUNCTION, keep_bytes);
      (void)curl_easy_setopt(made.handle, CURLOPT_WRITEDATA, &made.reply);
      (void)curl_easy_setopt(made.handle, CURLOPT_PRIVATE, &made);
      free_.push_back(&made);
    }
    auto* const one = free_.back();
    free_.pop_back();
    return *one;
  }

  void begin(std::string body, on_reply done) {
    auto& one = free_one();
    one.body = std::move(body);
    one.done = std::move(done);
    one.reply.clear();
    (void)curl_easy_setopt(one.handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(one.body.size()));
    (void)curl_easy_setopt(one.handle, CURLOPT_POSTFIELDS, one.body.c_str());
    (void)curl_multi_add_handle(multi_, one.handle);
  }

  void finish_ended() {
    int left = 0;
    while (auto* const message = curl_multi_info_read(multi_, &left)) {
      auto* const handle = message->easy_handle;
      const auto code = message->data.result;
      (void)curl_multi_remove_handle(multi_, handle);
      transfer* one = nullptr;
      long status = 0;
      (void)curl_easy_getinfo(handle, CURLINFO_PRIVATE, &one);
      (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
      auto done = std::exchange(one->done, nullptr);
      free_.push_back(one);
      if (code == CURLE_OK && status == 200) {
        done(std::move(one->reply));
      } else {
        done(
            error{errc::unavailable, "post to the model: " + std::string{curl_easy_strerror(code)} +
                                         ", status " + std::to_string(status)});
      }
    }
  }

  std::string url_;
  curl_slist* headers_ = nullptr;
  CURLM* multi_ = curl_multi_init();
  std::vector<std::unique_ptr<transfer>> all_;
  std::vector<transfer*> free_;
  std::mutex lock_;
  std::vector<std::pair<std::string, on_reply>> waiting_;  // with the lock
  bool ended_ = false;                                     // with the lock
  std::thread thread_;
};

floor_http::floor_http(std::uint16_t port, std::size_t connections)
    : loop_{std::make_unique<loop>(port, connections)} {}

floor_http::~floor_http() = default;

void floor_http::post(std::string body, on_reply done) {
  loop_->post(std::move(body), std::move(done));
}

}  // namespace libagent::lab
