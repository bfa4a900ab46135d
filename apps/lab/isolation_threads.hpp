#pragma once

#include <functional>

namespace libagent::lab {

/// The calling thread runs before all that are not real-time. Unlike with `raise_thread_to_fifo`,
/// threads that it starts inherit it. Does nothing where that is not permitted.
void be_realtime();

/// The calling thread gets the lowest ordinary priority (nice 19).
void be_lowest();

/// Runs `work` on a thread of its own with the given scheduling and waits for it; what `work`
/// starts inherits the scheduling.
void run_on_thread(bool realtime, const std::function<void()>& work);

/// Runs an open loop's sender: on a thread that is real-time where permitted and that wakes
/// exactly, in every mode alike, so that what is measured is not the sender.
void run_as_sender(const std::function<void()>& work);

}  // namespace libagent::lab
