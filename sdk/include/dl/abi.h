#pragma once
/// What host and plugins must agree on, and how symbols cross the border between them.

/// Raise it when a type that both sides share (Param, ClassInfo, Value, Batch, …) changes its layout.
/// An interface's own `kAbi` rises when that interface's virtual functions change.
#define DL_SDK_ABI 3

#define DL_API __attribute__((visibility("default")))
#define DL_STR_(x) #x
#define DL_STR(x) DL_STR_(x)
