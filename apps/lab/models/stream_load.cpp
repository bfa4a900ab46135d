#include "apps/lab/models/stream_load.hpp"

#include "apps/lab/io_memory.hpp"
#include "apps/lab/models/line_program.hpp"
#include "apps/lab/models/stream_reader.hpp"
#include "apps/lab/report.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

namespace net = boost::asio;
using stream_clock = std::chrono::steady_clock;
using net_failure = boost::system::error_code;

constexpr std::chrono::seconds stream_patience{30};

double ms_since(stream_clock::time_point from, stream_clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

std::string stream_request_for(const std::string& model) {
  const nlohmann::ordered_json body{
      {"model", model},
      {"stream", true},
      {"messages", {{{"role", "user"}, {"content", "What is the weather in Oslo?"}}}}};
  const auto text = body.dump();
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json"
         "\r\nContent-Length: " +
         std::to_string(text.size()) + "\r\n\r\n" + text;
}

/// What all users write into.
struct load_book {
  stream_plan plan;
  std::string request;
  stream_clock::time_point begun;
  stream_clock::time_point last_end;
  std::vector<double> first_ms;
  std::vector<double> whole_ms;
  stream_figures sums;
};

/// One user: a kept connection and one stream after the other.
class stream_user {
public:
  stream_user(net::io_context& context, load_book& book, std::size_t number)
      : book_{book}, socket_{context}, timer_{context} {
    const auto& plan = book.plan;
    const auto share = static_cast<double>(number) / static_cast<double>(plan.users);
    meant_ = book.begun + std::chrono::duration_cast<stream_clock::duration>(plan.interval * share);
  }

  void begin() {
    timer_.expires_at(meant_);
    timer_.async_wait([this](const net_failure& failed) {
      if (!failed)
        send();
    });
  }

private:
  void send() {
    reader_.restart();
    told_first_ = false;
    watch();
    if (socket_.is_open())
      return write();
    const net::ip::tcp::endpoint where{net::ip::address_v4::loopback(), book_.plan.port};
    socket_.async_connect(where, [this](const net_failure& failed) {
      if (failed)
        return fail("connect: " + failed.message());
      net_failure ignored;
      socket_.set_option(net::ip::tcp::no_delay{true}, ignored);
      write();
    });
  }

  void write() {
    net::async_write(socket_, net::buffer(book_.request),
                     [this](const net_failure& failed, std::size_t) {
                       if (failed) {
                         fail("send: " + failed.message());
                       } else {
                         read();
                       }
                     });
  }

  void read() {
    socket_.async_read_some(net::buffer(buffer_),
                            [this](const net_failure& failed, std::size_t count) {
                              if (failed) {
                                fail("receive: " + failed.message());
                              } else {
                                take({buffer_.data(), count});
                              }
                            });
  }

  void take(std::string_view bytes) {
    const auto now = stream_clock::now();
    const auto state = reader_.take(bytes);
    if (!told_first_ && reader_.tokens() > 0) {
      told_first_ = true;
      book_.first_ms.push_back(ms_since(meant_, now));
    }
    if (state == stream_reader::state::reading)
      return read();
    if (state == stream_reader::state::failed)
      return fail(reader_.failure());
    book_.whole_ms.push_back(ms_since(meant_, now));
    book_.sums.tokens += reader_.tokens();
    ++book_.sums.streams;
    go_on();
  }

  void fail(const std::string& why) {
    ++book_.sums.failed;
    book_.sums.failure = why;
    net_failure ignored;
    socket_.close(ignored);
    // Who fails does so at once, again and again.
    if (book_.sums.failed < 100 + book_.plan.users) {
      go_on();
    } else {
      timer_.cancel();
    }
  }

  void go_on() {
    const auto now = stream_clock::now();
    book_.last_end = now;
    const auto& plan = book_.plan;
    meant_ = plan.interval.count() > 0 ? meant_ + plan.interval : now;
    if (meant_ < book_.begun + plan.length) {
      begin();
    } else {
      timer_.cancel();
    }
  }

  /// A server that stalls ends in a failure, not in a load that never ends.
  void watch() {
    timer_.expires_after(stream_patience);
    timer_.async_wait([this](const net_failure& failed) {
      net_failure ignored;
      if (!failed)
        socket_.close(ignored);
    });
  }

  load_book& book_;
  net::ip::tcp::socket socket_;
  net::steady_timer timer_;
  stream_clock::time_point meant_;
  stream_reader reader_;
  bool told_first_ = false;
  std::array<char, 16'384> buffer_{};
};

}  // namespace

nlohmann::ordered_json to_json_line(const stream_figures& figures) {
  return {{"first_p50_ms", figures.first_p50_ms},
          {"first_p99_ms", figures.first_p99_ms},
          {"whole_p50_ms", figures.whole_p50_ms},
          {"whole_max_ms", figures.whole_max_ms},
          {"streams", figures.streams},
          {"tokens", figures.tokens},
          {"failed", figures.failed},
          {"failure", figures.failure},
          {"wall_s", figures.wall_s},
          {"own_cpu_s", figures.own_cpu_s}};
}

expected<stream_figures> stream_figures_of(const nlohmann::ordered_json& line) {
  try {
    return stream_figures{.first_p50_ms = line.at("first_p50_ms").get<double>(),
                          .first_p99_ms = line.at("first_p99_ms").get<double>(),
                          .whole_p50_ms = line.at("whole_p50_ms").get<double>(),
                          .whole_max_ms = line.at("whole_max_ms").get<double>(),
                          .streams = line.at("streams").get<std::uint64_t>(),
                          .tokens = line.at("tokens").get<std::uint64_t>(),
                          .failed = line.at("failed").get<std::uint64_t>(),
                          .failure = line.at("failure").get<std::string>(),
                          .wall_s = line.at("wall_s").get<double>(),
                          .own_cpu_s = line.at("own_cpu_s").get<double>()};
  } catch (const nlohmann::json::exception& failure) {
    return error{errc::corrupt, std::string{"read what streams came to: "} + failure.what()};
  }
}

stream_figures run_stream_load(const stream_plan& plan) {
  net::io_context context{1};
  load_book book{.plan = plan,
                 .request = stream_request_for(plan.model),
                 .begun = stream_clock::now() + std::chrono::milliseconds{50}};
  std::vector<std::unique_ptr<stream_user>> users;
  for (std::size_t i = 0; i < plan.users; ++i) {
    users.push_back(std::make_unique<stream_user>(context, book, i));
    users.back()->begin();
  }
  context.run();
  const auto first = quantiles_of(book.first_ms);
  const auto whole = quantiles_of(book.whole_ms);
  auto figures = std::move(book.sums);
  figures.first_p50_ms = first.p50;
  figures.first_p99_ms = first.p99;
  figures.whole_p50_ms = whole.p50;
  figures.whole_max_ms = whole.max;
  figures.wall_s = ms_since(book.begun, book.last_end) / 1e3;
  figures.own_cpu_s = used_cpu_ms() / 1e3;
  return figures;
}

expected<stream_figures> start_stream_load(const stream_plan& plan) {
  const auto line =
      run_for_line({"/proc/self/exe", "stream-load", std::to_string(plan.port), plan.model,
                    std::to_string(plan.users), std::to_string(plan.interval.count()),
                    std::to_string(plan.length.count())},
                   plan.length + 4 * stream_patience);
  return line ? stream_figures_of(*line) : line.error();
}

}  // namespace libagent::lab
