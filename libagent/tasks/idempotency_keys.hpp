#pragma once

#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>

namespace libagent {

/// What a request asks for, as a number: two that ask for the same have the same one, and others
/// differ but for one chance in 2^64. Order of members, white space and spelling of numbers in the
/// arguments do not matter; nor do client, key, trace and durability, which are not what is asked
/// for. It is stored in journals, so it is the same in every process, version and machine.
[[nodiscard]] std::uint64_t fingerprint_of(const task_request& request);

/// What an idempotency key that comes with a request means.
enum class key_verdict : std::uint8_t {
  fresh,      ///< Not seen: a new task.
  same,       ///< Seen with the same request: the task is there already.
  different,  ///< Seen with another request: an error of the asker.
  full,       ///< Not seen, but it could not be remembered, so the submit must be refused.
};

struct key_finding {
  key_verdict verdict = key_verdict::fresh;
  task_id id;  ///< The task of that key, for `same` and `different`; else nil.
};

struct key_limits {
  std::size_t count_max = 200'000;
  std::chrono::milliseconds age{std::chrono::hours{24}};  ///< How long a key keeps its meaning.
};

/// Remembers which task each client's idempotency keys stand for.
///
/// A key is kept for `age` from the acceptance of its task on, whether the task still runs or not,
/// and then forgotten: the same key is a new task after that. When `count_max` keys are younger
/// than that no new one is taken, as forgetting one early would run something twice.
///
/// Client and key are kept as a hash of 128 bits with a secret start, not as text: about 110 bytes
/// a key in all, however long it is. Two keys share one with a chance below 1e-27 at 200,000 keys.
/// `find`, `add` and `remove` are O(1). Thread safety: none.
class idempotency_keys {
public:
  /// Both seeds should be random, so that nobody can choose keys that collide.
  idempotency_keys(const key_limits& limits, std::uint64_t seed_high, std::uint64_t seed_low);

  /// @pre `key` is not empty.
  [[nodiscard]] key_finding find(std::string_view client, std::string_view key,
                                 std::uint64_t fingerprint) const;

  /// Remembers the task that a key stands for from now on, in place of an earlier one. Takes keys
  /// past `count_max`, too: those of a journal stay promised when the limit was lowered.
  /// @pre `key` is not empty.
  void add(std::string_view client, std::string_view key, const task_id& id,
           std::uint64_t fingerprint, unix_millis accepted_at);

  /// Forgets a key if it stands for this task, which was removed or never was accepted.
  void remove(std::string_view client, std::string_view key, const task_id& id);

  /// Forgets the keys that are `age` old, as long as they were added in the order of time; a
  /// younger one keeps those that were added after it. When the wall clock was set back, keys that
  /// lie in the future since count as accepted now.
  void forget_old(unix_millis now);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
  struct hashed_key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(const hashed_key&, const hashed_key&) = default;
  };

  struct hashed_key_hash {
    std::size_t operator()(const hashed_key& key) const noexcept { return key.low; }
  };

  struct entry {
    task_id id;
    std::uint64_t fingerprint = 0;
    unix_millis accepted_at = 0;
    const hashed_key* own_key = nullptr;
    entry* older = nullptr;
    entry* newer = nullptr;
  };

  using entry_table = std::unordered_map<hashed_key, entry, hashed_key_hash>;

  [[nodiscard]] hashed_key hash_of(std::string_view client, std::string_view key) const;
  void append(entry& added);
  void unlink(const entry& removed);
  void age_from(unix_millis now);

  key_limits limits_;
  hashed_key seed_;
  entry_table entries_;
  entry* oldest_ = nullptr;  // The list is in the order of `add`.
  entry* newest_ = nullptr;
  unix_millis latest_ = std::numeric_limits<unix_millis>::min();  // Of all times seen.
};

}  // namespace libagent
