/*
 * Convolution layers compiled at run time.
 *
 *     AtrousKernel *kernel;
 *     AtrousPacked *packed;
 *     if (atrous_compile(spec, NULL, &kernel) || atrous_pack(kernel, parameters, parameter_count, &packed))
 *         puts(atrous_last_error());
 *
 * Every function that can fail returns an AtrousStatus. What the library can see of a mistake (a null or misaligned
 * pointer, a wrong length or number, a spec with errors) is an error with a message, never undefined behaviour; what it
 * cannot see stands under "Safety". All numbers are 32-bit floats, all lengths count floats, all strings are UTF-8 and end
 * with a zero.
 *
 * Any number of threads may use one kernel and its packed parameters at once. Freeing one is for the last that uses it.
 * A child of fork may use and free those of its parent, which keeps its own; it has none of the parent's threads, so runs
 * take place on the calling thread alone.
 *
 * This file is generated from the crate atrous-capi.
 */

#ifndef ATROUS_H
#define ATROUS_H

#include <stddef.h>
#include <stdint.h>

// The largest value of `AtrousOptions.threads`.
#define ATROUS_MOST_THREADS 1024

// How a call went. All but `ATROUS_STATUS_OK` are errors, of which `atrous_last_error` says more.
typedef enum {
    // All is well.
    ATROUS_STATUS_OK = 0,
    // A pointer is null that must not be.
    ATROUS_STATUS_NULL = 1,
    // A pointer is not aligned for what it points to.
    ATROUS_STATUS_ALIGNMENT = 2,
    // A string is not UTF-8.
    ATROUS_STATUS_TEXT = 3,
    // The spec has errors, leaves sizes free, or is not one layer or net.
    ATROUS_STATUS_SPEC = 4,
    // There is no such target, or this machine does not have its instructions.
    ATROUS_STATUS_TARGET = 5,
    // An option has a value that it cannot have.
    ATROUS_STATUS_OPTION = 6,
    // There is no machine code for the spec: it is too large, or the machine is not supported.
    ATROUS_STATUS_COMPILE = 7,
    // The number of tensors is not that of the spec.
    ATROUS_STATUS_COUNT = 8,
    // A tensor has not as many elements as its shape, or scratch memory is too short.
    ATROUS_STATUS_LENGTH = 9,
    // There is no tensor with this number.
    ATROUS_STATUS_INDEX = 10,
    // An output or scratch memory shares elements with another tensor.
    ATROUS_STATUS_OVERLAP = 11,
    // The system gives no more memory or threads, or a run takes more memory than `AtrousOptions.memory_limit`.
    ATROUS_STATUS_MEMORY = 12,
    // A mistake in this library.
    ATROUS_STATUS_INTERNAL = 13,
    // A layer takes the slow path, and `AtrousOptions.deny_slow` is set.
    ATROUS_STATUS_SLOW = 14,
} AtrousStatus;

// A compiled layer or net. Several threads may use one at once.
typedef struct AtrousKernel AtrousKernel;

// Parameters in the form in which their kernel reads them, ready to run. Several threads may use them at once.
typedef struct AtrousPacked AtrousPacked;

// A number for a size that the spec leaves free: `H` in `input: [1, 3, H, W]`.
typedef struct {
    // Its name in the spec.
    const char *name;
    // 1 or more.
    size_t size;
} AtrousSize;

// An order of all tensors in memory: one of `ATROUS_LAYOUT_…`.
typedef uint32_t AtrousLayout;

// What is not in the spec. All zero is the default.
typedef struct {
    // Numbers for all sizes that the spec leaves free.
    const AtrousSize *sizes;
    // How many they are.
    size_t size_count;
    // The order of all tensors in memory.
    AtrousLayout layout;
    // What to compile for: "portable", "avx2", "avx512", or "avx512-dual", which is for processors that start two
    // multiply-adds of 512 bits in a cycle. Null is what the environment variable `ATROUS_TARGET` names, else what suits
    // this machine best. Results of two targets may differ in the last bits.
    const char *target;
    // How many threads a run may use, the calling one among them: 1 to `ATROUS_MOST_THREADS`; 0 is 1. The others start
    // with the kernel, sleep between runs, and end when it and all that it packed are freed. Runs at the same time share
    // them. Outputs are the same for any number of threads: on x86-64 all of them compute in the default floating-point
    // environment, whatever the caller's; on other machines the caller has to have the default one.
    size_t threads;
    // The file of a tuning cache, which `atrous tune` writes: layers in it are computed as was found to be the fastest for
    // this target, this number of threads and this processor. Empty is the file that `ATROUS_TUNING` names, else the one
    // in the user's directory for caches; null is none. A file that cannot be used is as good as none, and
    // `AtrousInfo.warning` says why. Outputs are the same with and without it.
    const char *tuning;
    // The most bytes that `AtrousInfo.memory` may be; it is an error when it is more. Nothing of it is allocated then. 0 is
    // no limit.
    uint64_t memory_limit;
    // Not 0 makes it an error when a layer takes the slow path: when it is expected to take many times the time that its
    // work needs. `atrous_last_error` names the layer, the reason, and what helps.
    uint32_t deny_slow;
} AtrousOptions;

// What a kernel is. Strings are valid until the kernel is freed.
typedef struct {
    // The name of the layer or net.
    const char *name;
    // The name of the target that it was compiled for.
    const char *target;
    // The order of inputs and outputs in memory: `ATROUS_LAYOUT_NCHW` or `ATROUS_LAYOUT_NHWC`.
    AtrousLayout layout;
    // How many threads a run may use.
    size_t threads;
    // How many inputs there are.
    size_t input_count;
    // How many outputs there are.
    size_t output_count;
    // How many weights and biases there are.
    size_t parameter_count;
    // Floats of memory that packed parameters take.
    size_t packed_len;
    // Floats of scratch memory that a run needs; may be 0.
    size_t scratch_len;
    // How many layers are computed as a tuning cache says.
    size_t tuned_count;
    // What is the matter with the tuning cache; empty when nothing is.
    const char *warning;
    // Bytes of memory that a run takes: inputs, outputs, parameters, their packed form, and scratch memory.
    uint64_t memory;
} AtrousInfo;

// A kind of tensor: one of `ATROUS_TENSOR_…`.
typedef uint32_t AtrousTensorKind;

// What a tensor is. Name and shape are valid until the kernel is freed.
typedef struct {
    // Its name in the spec: `input` or `output` of a layer, `conv1.weight`.
    const char *name;
    // The dimensions in the order of memory, outermost first; weights as PyTorch stores them.
    const size_t *shape;
    // How many dimensions there are.
    size_t rank;
    // How many floats there are: the product of the dimensions.
    size_t len;
} AtrousTensor;

// Floats to read: an input or a parameter, dense in the order of its shape.
typedef struct {
    // The first.
    const float *data;
    // How many they are.
    size_t len;
} AtrousSlice;

// Floats to write: an output. They need not be initialised.
typedef struct {
    // The first.
    float *data;
    // How many they are.
    size_t len;
} AtrousSliceMut;

// The order that the spec says.
#define ATROUS_LAYOUT_SPEC 0

// Channels first: `[N, C, …]`.
#define ATROUS_LAYOUT_NCHW 1

// Channels last: `[N, …, C]`.
#define ATROUS_LAYOUT_NHWC 2

// What a run reads.
#define ATROUS_TENSOR_INPUT 0

// What a run writes.
#define ATROUS_TENSOR_OUTPUT 1

// Weights and biases, which are packed once.
#define ATROUS_TENSOR_PARAMETER 2

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The message of the last error of a function of this library on this thread; empty when there was none. Valid until the
// next error on this thread, or its end.
const char *atrous_last_error(void);

// The version of this library, such as "0.1.0". Valid for ever.
const char *atrous_version(void);

// Compiles the one layer or net of a spec.
//
// `options` may be null, which means the defaults. `*kernel` is the result, which `atrous_kernel_free` frees, or null
// after an error.
//
// # Safety
//
// * `spec` and the strings of `options` end with a zero, and `options.sizes` has `options.size_count` elements.
// * `kernel` is valid for writing.
AtrousStatus atrous_compile(const char *spec, const AtrousOptions *options, AtrousKernel **kernel);

// Frees a kernel; null is nothing. Packed parameters stay usable.
//
// # Safety
//
// * `kernel` comes from `atrous_compile`, and nobody uses it any more.
void atrous_kernel_free(AtrousKernel *kernel);

// Says what a kernel is, in `*info`.
//
// # Safety
//
// * `kernel` comes from `atrous_compile` and has not been freed.
// * `info` is valid for writing.
AtrousStatus atrous_info(const AtrousKernel *kernel, AtrousInfo *info);

// Says what an input, output or parameter of a kernel is, in `*tensor`.
//
// Tensors of a kind are numbered from 0 in the order of the spec; parameters are for each layer its weight, then its
// bias if it has one.
//
// # Safety
//
// * `kernel` comes from `atrous_compile` and has not been freed.
// * `tensor` is valid for writing.
AtrousStatus atrous_tensor(const AtrousKernel *kernel, AtrousTensorKind kind, size_t index, AtrousTensor *tensor);

// Packs the parameters of a kernel, in the order of `ATROUS_TENSOR_PARAMETER`.
//
// `*packed` is the result, which `atrous_packed_free` frees, or null after an error. It needs neither the parameters nor
// the kernel to stay.
//
// # Safety
//
// * `kernel` comes from `atrous_compile` and has not been freed.
// * `parameters` has `parameter_count` elements, and each as many floats as it says, which nobody writes meanwhile.
// * `packed` is valid for writing.
AtrousStatus atrous_pack(const AtrousKernel *kernel,
                         const AtrousSlice *parameters,
                         size_t parameter_count,
                         AtrousPacked **packed);

// Frees packed parameters; null is nothing.
//
// # Safety
//
// * `packed` comes from `atrous_pack`, and nobody uses it any more.
void atrous_packed_free(AtrousPacked *packed);

// Computes all outputs from all inputs, in the order of `ATROUS_TENSOR_INPUT` and `ATROUS_TENSOR_OUTPUT`. Nothing is
// written after an error.
//
// `scratch` has `scratch_len` floats, `AtrousInfo.scratch_len` or more, whatever they hold; it is fastest when aligned to
// 64 bytes, and may be used for one run after the other, but not for two at once. When it is null and `scratch_len` 0,
// the run allocates what it needs. No output shares elements with an input, another output or `scratch`.
//
// # Safety
//
// * `packed` comes from `atrous_pack` and has not been freed.
// * `inputs` has `input_count` elements, and each as many floats as it says, which nobody writes meanwhile.
// * `outputs` has `output_count` elements, and each, like `scratch`, as many floats as it says, which nobody else uses
//   meanwhile. The arrays `inputs` and `outputs` are not in this memory.
AtrousStatus atrous_run(const AtrousPacked *packed,
                        const AtrousSlice *inputs,
                        size_t input_count,
                        const AtrousSliceMut *outputs,
                        size_t output_count,
                        float *scratch,
                        size_t scratch_len);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ATROUS_H */
