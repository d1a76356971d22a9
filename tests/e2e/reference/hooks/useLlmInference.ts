// The reference design's hook. Below the line it is as the design prints it, byte for byte.
// ---
import { useState, useEffect, useCallback, useRef } from 'react'

interface Message {
  role: 'user' | 'assistant' | 'system'
  content: string
}

interface UseLlmInferenceOptions {
  providerId: string
  modelId?: string
  temperature?: number
  maxTokens?: number
  systemPrompt?: string
  onError?: (error: { error: string; code: string; retryable: boolean }) => void
}

export function useLlmInference(options: UseLlmInferenceOptions) {
  const [response, setResponse] = useState('')
  const [isLoading, setIsLoading] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const currentInferenceIdRef = useRef<string | null>(null)

  useEffect(() => {
    // Listen for tokens
    const unsubscribeToken = window.api.onLlmToken((event) => {
      if (event.inferenceId === currentInferenceIdRef.current) {
        setResponse(prev => prev + event.token)
      }
    })

    // Listen for completion
    const unsubscribeDone = window.api.onLlmDone((event) => {
      if (event.inferenceId === currentInferenceIdRef.current) {
        setIsLoading(false)
        currentInferenceIdRef.current = null
      }
    })

    // Listen for errors
    const unsubscribeError = window.api.onLlmError((event) => {
      if (event.inferenceId === currentInferenceIdRef.current) {
        setError(event.error)
        setIsLoading(false)
        currentInferenceIdRef.current = null
        options.onError?.(event)
      }
    })

    return () => {
      unsubscribeToken()
      unsubscribeDone()
      unsubscribeError()
    }
  }, [options])

  const runInference = useCallback(async (messages: Message[]) => {
    setResponse('')
    setError(null)
    setIsLoading(true)

    try {
      const inferenceId = await window.api.llmInference({
        messages,
        providerId: options.providerId,
        modelId: options.modelId,
        temperature: options.temperature,
        maxTokens: options.maxTokens,
        systemPrompt: options.systemPrompt,
        stream: true
      })

      currentInferenceIdRef.current = inferenceId
    } catch (err) {
      setError(err instanceof Error ? err.message : 'Unknown error')
      setIsLoading(false)
    }
  }, [options])

  const cancel = useCallback(async () => {
    if (currentInferenceIdRef.current) {
      await window.api.llmCancel(currentInferenceIdRef.current)
      setIsLoading(false)
    }
  }, [])

  return {
    response,
    isLoading,
    error,
    runInference,
    cancel
  }
}
