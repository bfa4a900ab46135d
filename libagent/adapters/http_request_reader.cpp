#include "libagent/adapters/http_request_reader.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <optional>
#include <utility>

namespace libagent {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

// A Content-Length is only a claim; memory is reserved up to here, beyond it grows with the body.
constexpr std::uint64_t body_reserve_max = 64U << 10U;
// What is left of a chunked body is at least its last chunk, "0", and two line ends. With less of
// it Beast does not go on, but an assertion of Beast's would fail.
constexpr std::size_t last_chunk_bytes = 5;

http_error refusal(int status, std::string message, std::string code = "bad_request") {
  return {.status = status,
          .message = std::move(message),
          .type = {},
          .code = std::move(code),
          .param = {}};
}

}  // namespace

/// Beast's parser, writing straight into an `http_request`.
class http_request_reader::parser final : public beast_http::basic_parser<true> {
public:
  explicit parser(const limits& bounds) : bounds_{bounds} {
    eager(true);
    header_limit(static_cast<std::uint32_t>(bounds.header_bytes_max));
    body_limit(bounds.body_bytes_max);
  }

  [[nodiscard]] http_error explain(const error_code& ec) const;

  incoming_request result;
  bool expects_continue = false;

private:
  void fail(error_code& ec, http_error why) {
    failure_ = std::move(why);
    ec = beast_http::error::bad_value;
  }

  void count_head_bytes(std::size_t count, error_code& ec) {
    head_bytes_ += count;
    if (head_bytes_ > bounds_.header_bytes_max)
      ec = beast_http::error::header_limit;
  }

  void on_request_impl(beast_http::verb /*method*/, string_view method, string_view target,
                       int version, error_code& ec) override {
    result.http_1_0 = version == 10;
    result.request.method = std::string{method.data(), method.size()};
    auto parsed = libagent::parse_target({target.data(), target.size()});
    if (!parsed) {
      const bool too_long = parsed.error().code == errc::too_large;
      fail(ec, refusal(too_long ? 414 : 400, parsed.error().context));
      return;
    }
    result.request.path = std::move(parsed->path);
    result.request.query = std::move(parsed->query);
    count_head_bytes(method.size() + target.size() + 12, ec);
  }

  void on_field_impl(beast_http::field /*known*/, string_view name, string_view value,
                     error_code& ec) override {
    if (is_header_done())
      return;
    if (result.request.headers.size() == bounds_.fields_max) {
      fail(ec, refusal(431, "more than " + std::to_string(bounds_.fields_max) + " header fields",
                       "header_too_large"));
      return;
    }
    count_head_bytes(name.size() + value.size() + 4, ec);
    if (!ec)
      result.request.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }

  void on_header_impl(error_code& ec) override {
    const auto& headers = result.request.headers;
    const auto coding = headers.find("Transfer-Encoding");
    const auto expectation = headers.find("Expect");
    if (coding && (result.http_1_0 || !chunked() || !same_header_name(*coding, "chunked"))) {
      fail(ec, refusal(400, "the only transfer coding supported is chunked, with HTTP/1.1"));
    } else if (headers.count("Host") > 1 || (!result.http_1_0 && !headers.contains("Host"))) {
      fail(ec, refusal(400, "an HTTP/1.1 request needs exactly one Host field"));
    } else if (expectation && !same_header_name(*expectation, "100-continue")) {
      fail(ec, refusal(417, "the only expectation supported is 100-continue"));
    }
    expects_continue = expectation.has_value() && !result.http_1_0;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length)
      result.request.body.reserve(static_cast<std::size_t>(std::min(*length, body_reserve_max)));
  }

  std::size_t on_body_impl(string_view piece, error_code&) override {
    result.request.body.append(piece.data(), piece.size());
    return piece.size();
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code& ec) override {
    return on_body_impl(piece, ec);
  }

  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}

  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_finish_impl(error_code&) override { result.keep_alive = keep_alive(); }

  limits bounds_;
  std::size_t head_bytes_ = 0;
  std::optional<http_error> failure_;
};

http_error http_request_reader::parser::explain(const error_code& ec) const {
  if (failure_)
    return *failure_;
  if (ec == beast_http::error::header_limit) {
    return refusal(431,
                   "the request line and header fields have more than " +
                       std::to_string(bounds_.header_bytes_max) + " bytes",
                   "header_too_large");
  }
  if (ec == beast_http::error::body_limit) {
    return refusal(413,
                   "the body has more than " + std::to_string(bounds_.body_bytes_max) + " bytes",
                   "too_large");
  }
  if (ec == beast_http::error::bad_version)
    return refusal(505, "only HTTP/1.1 and HTTP/1.0 are supported", "http_version_not_supported");
  return refusal(400, "malformed request: " + ec.message());
}

http_request_reader::http_request_reader(const limits& bounds) : limits_{bounds} {}

http_request_reader::~http_request_reader() = default;

http_request_reader::state http_request_reader::current() const {
  return state_;
}

const http_error& http_request_reader::failure() const {
  LIBAGENT_EXPECTS(state_ == state::failed);
  return failure_;
}

std::size_t http_request_reader::begin_request(std::string_view input) {
  // RFC 9112, 2.2: empty lines before a request are to be ignored.
  std::size_t used = 0;
  while (input.substr(used).starts_with("\r\n"))
    used += 2;
  if (used < input.size() && input.substr(used) != "\r") {
    parser_ = std::make_unique<parser>(limits_);
    state_ = state::reading;
  }
  return used;
}

std::size_t http_request_reader::feed(std::string_view input) {
  std::size_t used = state_ == state::idle ? begin_request(input) : 0;
  while (state_ == state::reading && used < input.size()) {
    const auto rest = input.substr(used);
    if (parser_->is_header_done() && parser_->chunked() && rest.size() < last_chunk_bytes)
      return used;
    error_code ec;
    used += parser_->put({rest.data(), rest.size()}, ec);
    if (parser_->is_done() && !ec) {
      state_ = state::complete;
      return used;
    }
    // Inside a head, chunk head or trailer Beast wants the whole of it at once.
    const bool waits = ec == beast_http::error::need_more;
    if (waits && input.size() - used >= limits_.header_bytes_max) {
      ec = beast_http::error::header_limit;
    } else if (waits) {
      return used;
    }
    if (ec) {
      failure_ = parser_->explain(ec);
      state_ = state::failed;
    }
  }
  return used;
}

bool http_request_reader::take_expect_continue() {
  return state_ == state::reading && parser_->is_header_done() &&
         std::exchange(parser_->expects_continue, false);
}

incoming_request http_request_reader::take() {
  LIBAGENT_EXPECTS(state_ == state::complete);
  state_ = state::idle;
  auto result = std::move(parser_->result);
  parser_.reset();
  return result;
}

}  // namespace libagent
