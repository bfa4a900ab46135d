#include "apps/lab/models/stub_connection.hpp"

#include "apps/lab/models/stub_misdeeds.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace libagent::lab {

namespace {

constexpr std::size_t stub_read_bytes = 16U << 10U;

}  // namespace

stub_connection::stub_connection(boost::asio::ip::tcp::socket socket,
                                 std::shared_ptr<stub_shared> shared)
    : socket_{std::move(socket)}, timer_{socket_.get_executor()}, shared_{std::move(shared)} {
  ++shared_->counts.open;
}

stub_connection::~stub_connection() {
  --shared_->counts.open;
}

void stub_connection::open() {
  failure ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
  read();
}

void stub_connection::read() {
  if (input_.size() < input_size_ + stub_read_bytes)
    input_.resize(std::max(input_size_ + stub_read_bytes, 2 * input_size_));
  socket_.async_read_some(
      boost::asio::buffer(input_.data() + input_size_, input_.size() - input_size_),
      [self = shared_from_this()](const failure& failed, std::size_t count) {
        self->take(failed, count);
      });
}

void stub_connection::take(const failure& failed, std::size_t count) {
  if (failed)
    return close();
  input_size_ += count;
  if (!busy_)
    answer_next();
  if (socket_.is_open())
    read();
}

/// Answers what there is, if it is whole.
void stub_connection::answer_next() {
  while (!busy_ && socket_.is_open() && input_used_ < input_size_) {
    const std::string_view rest{input_.data() + input_used_, input_size_ - input_used_};
    const auto request = read_stub_http(rest);
    if (!request) {
      auto refusal = stub_error(400, "invalid_request_error", "", request.error().context);
      refusal.ending = stub_ending::closes;
      return begin(refusal);
    }
    if (!*request)
      break;
    auto reply = shared_->routes.answer(**request, shared_->counts);
    if ((*request)->closes && reply.ending == stub_ending::keeps) {
      reply.headers += "Connection: close\r\n";
      ending_ = stub_ending::closes;
    }
    input_used_ += (*request)->size;
    begin(reply);
  }
  if (input_used_ == 0)
    return;
  input_.erase(0, input_used_);
  input_size_ -= input_used_;
  input_used_ = 0;
}

void stub_connection::begin(const stub_reply& reply) {
  busy_ = true;
  if (reply.ending != stub_ending::keeps)
    ending_ = reply.ending;
  pieces_ = wire_of(reply);
  next_ = 0;
  written_ = 0;
  due_ = std::chrono::steady_clock::now();
  advance();
}

/// Goes on with the next piece when it is due. Times add up from the request on, so that a late
/// piece does not delay those after it.
void stub_connection::advance() {
  while (busy_ && next_ < pieces_.size()) {
    const auto wait = pieces_[next_].after;
    pieces_[next_].after = std::chrono::milliseconds{0};
    due_ += wait;
    if (wait.count() > 0) {
      timer_.expires_at(due_);
      return timer_.async_wait([self = shared_from_this()](const failure& failed) {
        if (!failed)
          self->advance();
      });
    }
    const std::string_view bytes = pieces_[next_].bytes;
    failure failed;
    written_ += socket_.write_some(
        boost::asio::buffer(bytes.data() + written_, bytes.size() - written_), failed);
    if (failed && failed != boost::asio::error::would_block)
      return close();
    if (written_ < bytes.size())
      return write();
    ++next_;
    written_ = 0;
  }
  if (busy_)
    finish();
}

/// What the kernel did not take at once.
void stub_connection::write() {
  const std::string_view bytes = pieces_[next_].bytes;
  boost::asio::async_write(socket_,
                           boost::asio::buffer(bytes.data() + written_, bytes.size() - written_),
                           [self = shared_from_this()](const failure& failed, std::size_t) {
                             if (failed)
                               return self->close();
                             ++self->next_;
                             self->written_ = 0;
                             self->advance();
                           });
}

void stub_connection::finish() {
  if (ending_ == stub_ending::stalls)
    return;  // Until the client leaves.
  busy_ = false;
  if (ending_ == stub_ending::closes)
    return close();
  if (input_used_ == 0 && input_size_ > 0)
    answer_next();
}

void stub_connection::close() {
  if (!socket_.is_open())
    return;
  if (std::exchange(busy_, false))
    ++shared_->counts.abandoned;
  failure ignored;
  timer_.cancel();
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace libagent::lab
