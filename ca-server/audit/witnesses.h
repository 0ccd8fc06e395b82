// Has witnesses cosign the checkpoints that are published, on a thread of its own: the newest one
// each time, so a slow witness sees fewer. What enough of them cosigned is published beside the
// checkpoint, and may be what releases go by.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audit/sequencer.h"
#include "audit/witness.h"

namespace mayfly::audit {

// The newest checkpoint that enough witnesses cosigned: a note, with the log's signature first.
constexpr char kWitnessedFile[] = "witnessed";

constexpr Seconds kSubmitEvery{1};
constexpr Seconds kSubmitAgainAfter{10};  // where nothing is new: a cosignature has a time

struct WitnessesParts {
  std::vector<Witness> witnesses;
  LogStorage& storage;  // this object's alone
  const Clock& clock;
  // How many must have cosigned for a checkpoint to count as witnessed: at least 1, where there are
  // witnesses at all.
  size_t needed;
  // Nothing is released while the newest witnessed checkpoint is older; nothing: they are asked,
  // and nothing waits for them.
  std::optional<Seconds> age_max;
  // After each question: which witness, and what came of it.
  std::function<void(const std::string&, const Status&)> after_question = {};
};

class Witnesses {
 public:
  explicit Witnesses(WitnessesParts parts) : parts_(std::move(parts)) {}
  ~Witnesses();

  void Start();
  // This is published, and covers what came before `begun`. Returns at once.
  void Offer(const PublishedCheckpoint& checkpoint, BootTime begun);
  // Error: kStoreUnavailable "audit.no-witness".
  Status MayRelease() const;
  // Since the newest witnessed checkpoint's round began; nothing: there is none yet.
  std::optional<Milliseconds> Age() const;

 private:
  struct Offered {
    PublishedCheckpoint checkpoint;
    BootTime begun;
  };
  void Run();
  bool IsDue() const;
  void Submit(const Offered& offered);
  std::vector<tlog::NoteSignature> Ask(const Offered& offered, const std::string& text);
  Status Publish(const tlog::SignedNote& note) const;

  WitnessesParts parts_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Offered> newest_;
  std::string submitted_;  // the note that was submitted last
  std::optional<BootTime> submitted_at_, covered_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace mayfly::audit
